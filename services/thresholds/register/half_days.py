"""From a day's marks to half days: the rules, as pure functions.

Sources: the Ministry counts a half day as two hours and looks at the whole day, 240 minutes present being two half days and 120 one.
Half-day (AM, PM) marks count one half day for each absent session. An unmarked half day never counts as an absence. Whether a new
student's absences at the school before count is the school's choice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.thresholds.register import packed_row
from shared.attendance.calendar import Slot
from shared.attendance.codes import ABSENCES, CodeClass, CodeTable
from shared.events.data import VendorCount

Rule = Literal["closed", "unmarked", "carried", "vendor", "slots", "sessions"]

TWO_HALF_DAYS: Final = 240
ONE_HALF_DAY: Final = 120
"""Minutes present."""


@dataclass(frozen=True, slots=True)
class DayMarks:
    """The marks that stand for one student's day. `slots` maps a slot to its code and the minutes it covers (None: all of them).
    `carried` is what another school counted."""

    sessions: dict[str, str]
    slots: dict[int, tuple[str, int | None]]
    vendor: VendorCount | None
    carried: VendorCount | None = None

    @property
    def elsewhere(self) -> VendorCount | None:
        """Another school's count, on a day without marks of this school: this school's own marks override it."""
        return None if self.sessions or self.slots or self.vendor is not None else self.carried


@dataclass(frozen=True, slots=True)
class DayCount:
    """The half days of one student's day, and the rule that gave them.

    absent + attended + excluded + unmarked is the number of half days the school was open; of a day at another school, what it counted,
    or nothing where that does not count. Minutes are given by the slot rule only.
    `blanks_counted`: some of the absences are unmarked half days, because the school reads blanks as truant.
    """

    rule: Rule
    absent: int
    attended: int
    excluded: int
    unmarked: int
    open_minutes: int = 0
    absent_minutes: int = 0
    blanks_counted: bool = False


def present_half_days(minutes: int) -> int:
    """How many half days so many minutes of presence are."""
    return 2 if minutes >= TWO_HALF_DAYS else 1 if minutes >= ONE_HALF_DAY else 0


def day_marks(values: Iterable[int]) -> DayMarks:
    """Reads the values of a register's day (`packed_row.values_of_day`)."""
    sessions: dict[str, str] = {}
    slots: dict[int, tuple[str, int | None]] = {}
    vendor: VendorCount | None = None
    carried: VendorCount | None = None
    for mark in values:
        position, value = mark >> 16, mark & 0xFFFF
        code = packed_row.code_of(value)
        if position == packed_row.VENDOR:
            vendor = packed_row.count_of(value)
        elif position == packed_row.CARRIED:
            carried = packed_row.count_of(value)
        elif code is None:
            continue
        elif position in (packed_row.AM, packed_row.PM):
            sessions["AM" if position == packed_row.AM else "PM"] = code
        else:
            slots[position - packed_row.FIRST_SLOT + 1] = (code, (value & packed_row.MOST_MINUTES) or None)
    return DayMarks(sessions, slots, vendor, carried)


def count_day(
    marks: DayMarks,
    open_half_days: int,
    timetable: Sequence[Slot],
    codes: CodeTable,
    *,
    blanks_count: bool = False,
    carried_counts: bool = False,
) -> DayCount:
    """The half days of one day.

    `open_half_days` is how many the school was open: 0, 1 or 2. Where a day has marks of several kinds, one kind decides: the
    vendor's own count, else the timetable's slots, else the sessions. `blanks_count`: what is not marked is an absence. A code that
    the table does not know counts as no mark: its place is as if nobody had marked it. `carried_counts`: the count of another school
    counts here, on its own open days, as long as this school has no mark of the day.
    """
    if marks.elsewhere is not None:
        return _by_another_school(marks.elsewhere, counts=carried_counts)
    if open_half_days == 0:
        return DayCount("closed", 0, 0, 0, 0)
    marks = _known(marks, codes)
    if marks.vendor is not None:
        return _by_vendor(marks.vendor, open_half_days)
    if marks.slots and timetable:
        return _by_slots(marks.slots, open_half_days, timetable, codes, blanks_count=blanks_count)
    if marks.sessions:
        return _by_sessions(marks.sessions, open_half_days, codes, blanks_count=blanks_count)
    if blanks_count:
        return DayCount("unmarked", open_half_days, 0, 0, 0, blanks_counted=True)
    return DayCount("unmarked", 0, 0, 0, open_half_days)


def _known(marks: DayMarks, codes: CodeTable) -> DayMarks:
    if all(code in codes for code in marks.sessions.values()) and all(code in codes for code, _ in marks.slots.values()):
        return marks
    sessions = {session: code for session, code in marks.sessions.items() if code in codes}
    return DayMarks(sessions, {slot: mark for slot, mark in marks.slots.items() if mark[0] in codes}, marks.vendor)


def _by_vendor(count: VendorCount, open_half_days: int) -> DayCount:
    absent = min(count.unjustified + count.justified, open_half_days)
    attended = min(count.present, open_half_days - absent)
    return DayCount("vendor", absent, attended, 0, open_half_days - absent - attended)


def _by_another_school(count: VendorCount, *, counts: bool) -> DayCount:
    if not counts:
        return DayCount("carried", 0, 0, 0, 0)
    absent = min(count.unjustified + count.justified, 2)
    return DayCount("carried", absent, min(count.present, 2 - absent), 0, 0)


def _by_sessions(sessions: dict[str, str], open_half_days: int, codes: CodeTable, *, blanks_count: bool) -> DayCount:
    classes = [codes.class_of(code) for code in sessions.values()]
    absent = min(sum(_absent(code_class) for code_class in classes), open_half_days)
    attended = min(classes.count("present"), open_half_days - absent)
    excluded = min(classes.count("excluded"), open_half_days - absent - attended)
    unmarked = open_half_days - absent - attended - excluded
    if blanks_count and unmarked:
        return DayCount("sessions", absent + unmarked, attended, excluded, 0, blanks_counted=True)
    return DayCount("sessions", absent, attended, excluded, unmarked)


def _by_slots(
    slots: dict[int, tuple[str, int | None]],
    open_half_days: int,
    timetable: Sequence[Slot],
    codes: CodeTable,
    *,
    blanks_count: bool,
) -> DayCount:
    open_minutes = sum(slot.minutes for slot in timetable)
    absent_minutes = 0
    marked = 0
    excluded = 0
    for slot in timetable:
        if slot.slot not in slots:
            if blanks_count:
                absent_minutes += slot.minutes
            continue
        code, minutes = slots[slot.slot]
        code_class = codes.class_of(code)
        marked += 1
        excluded += code_class == "excluded"
        if _absent(code_class):
            absent_minutes += min(minutes if minutes is not None else slot.minutes, slot.minutes)
    blanks_counted = blanks_count and marked < len(timetable)
    present = present_half_days(open_minutes - absent_minutes)
    # A short timetable is no absence: only minutes that somebody marked as absent can take a half day away.
    absent = max(open_half_days - present, 0) if absent_minutes else 0
    rest = open_half_days - absent
    if marked and excluded == marked:
        return DayCount("slots", absent, 0, rest, 0, open_minutes, absent_minutes, blanks_counted)
    attended, unmarked = (rest, 0) if marked else (0, rest)
    return DayCount("slots", absent, attended, 0, unmarked, open_minutes, absent_minutes, blanks_counted)


def _absent(code_class: CodeClass) -> bool:
    return code_class in ABSENCES
