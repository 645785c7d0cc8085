"""Marks that count no absence, at the head of a row: the quick way that most marks take. Pure.

Such a mark leaves the total, its days and their causes as they are, so nothing of the row is folded; the day's halves are all that is put
into the kept days. Whatever may count goes through the whole row (`folding`).
"""

from collections.abc import Sequence
from typing import Final

from services.thresholds.register import packed_row
from services.thresholds.register.kept_days import DayKeeper, length_of, with_plain_halves
from services.thresholds.register.packed_row import ENTRY, PLACE, POSITIONS, RECEIVED_AT, VALUE_AT
from shared.attendance.calendar import SchoolCalendar, Term

UNCHANGED: Final = (b"", b"")
"""The answer of `Uncounted.work_in` where the marks say nothing new."""


class Uncounted:
    """The quick way for the rows of one term and calendar, with the days that it has seen. `worth_a_look` tells by a value's upper byte
    whether it may be an absence."""

    def __init__(self, keeper: DayKeeper, worth_a_look: bytes, term: Term, calendar: SchoolCalendar) -> None:
        self._keeper = keeper
        self._worth_a_look = worth_a_look
        self._term = term
        self._calendar = calendar
        self._first = packed_row.number_of(term.start)
        self._length = length_of(term)
        self._head = self._length.to_bytes(2, "big")
        self._possible = not calendar.choices_in(term).blanks_are_truant
        self._halves: dict[tuple[int, tuple[int, ...]], bytes | None] = {}
        self._newest: dict[bytes, tuple[int, bytes] | None] = {}

    def work_in(
        self, head: bytes, days: bytes, new: Sequence[bytes], replaced: list[tuple[bytes, bytes]], *, whole: bool
    ) -> tuple[bytes, bytes] | None:
        """The head and the kept days with the marks worked in, UNCHANGED where they say nothing new, None where the row has to be folded.

        `head` has the row's latest entries, or all of them (`whole`). Entries that are replaced are added to `replaced`, as
        `packed_row.merge` does.
        """
        if not self._possible or days[: len(self._head)] != self._head:
            return None
        if len(new) == 1 and new[0][:PLACE] >= head[:PLACE]:
            return self._put_first(new[0], head, days, replaced, whole=whole)
        # Of a day of which older entries are not in the head, nothing can be said.
        reach = -1 if whole else int.from_bytes(head[-ENTRY : PLACE - ENTRY], "big") // POSITIONS
        touched = {packed_row.day_of(entry) for entry in new}
        if min(touched) <= reach:
            return None
        marks = packed_row.merge(head, new, replaced, receipts=False)
        if marks is head:
            return UNCHANGED
        if any(self._worth_a_look[before[VALUE_AT]] for before, _ in replaced) or self._may_count(marks, touched):
            return None
        for number in touched:
            at = number - self._first
            if 0 <= at < self._length:
                halves = self._halves_of(marks, number)
                put = None if halves is None else with_plain_halves(days, at, self._length, halves)
                if put is None:
                    return None
                days = put
        return marks, days

    def _put_first(
        self, entry: bytes, head: bytes, days: bytes, replaced: list[tuple[bytes, bytes]], *, whole: bool
    ) -> tuple[bytes, bytes] | None:
        """The same for a mark of the latest place, or a later one, which is what a roll of today has for each student."""
        newest = head[:ENTRY]
        if entry[:PLACE] == newest[:PLACE]:
            says_the_same = entry[VALUE_AT:] == newest[VALUE_AT:]
            if entry <= newest or (says_the_same and entry[:RECEIVED_AT] == newest[:RECEIVED_AT]):
                return UNCHANGED
            if self._worth_a_look[newest[VALUE_AT]]:
                return None
            if not says_the_same:
                replaced.append((newest, entry))
            head = head[ENTRY:]
        marks = entry + head
        begin = int.from_bytes(entry[:PLACE], "big") // POSITIONS * POSITIONS
        end = ENTRY
        while end < len(marks) and int.from_bytes(marks[end : end + PLACE], "big") >= begin:
            end += ENTRY
        if end == len(marks) and not whole:
            return None
        # A class has few different days, to the byte: most of it was posted together in the morning, too.
        day = marks[:end]
        if day in self._newest:
            put = self._newest[day]
        else:
            put = self._newest[day] = self._placed(day, begin // POSITIONS)
        if put is None:
            return None
        at, halves = put
        days_after = with_plain_halves(days, at, self._length, halves) if halves else days
        return None if days_after is None else (marks, days_after)

    def _placed(self, day: bytes, number: int) -> tuple[int, bytes] | None:
        """The place of a day in the term, and its halves (empty outside of the term); None where an absence may be among its marks."""
        at = number - self._first
        if self._may_count(day, {number}):
            return None
        if not 0 <= at < self._length:
            return at, b""
        halves = self._halves_of(day, number)
        return None if halves is None else (at, halves)

    def _may_count(self, marks: bytes, touched: set[int]) -> bool:
        flags = marks[VALUE_AT::ENTRY].translate(self._worth_a_look)
        index = flags.find(1)
        while index >= 0:
            if int.from_bytes(marks[index * ENTRY : index * ENTRY + PLACE], "big") // POSITIONS in touched:
                return True
            index = flags.find(1, index + 1)
        return False

    def _halves_of(self, marks: bytes, number: int) -> bytes | None:
        """The halves of a day as they are kept; None for a day that counts all the same."""
        at_head = int.from_bytes(marks[:PLACE], "big") // POSITIONS == number
        values = packed_row.values_of_day(marks, 0) if at_head else packed_row.values_on(marks, packed_row.date_of(number))
        key = number, values
        if key not in self._halves:
            self._halves[key] = self._keeper.plain_halves(values, number, self._term, self._calendar)
        return self._halves[key]
