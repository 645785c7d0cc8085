"""The slow, obvious oracle of the register: written from the rules, apart from the code that is fast.

It keeps every mark that was ever recorded in a list, and goes through all of them for each answer. `star verify` holds every total against
it, and so do the property tests.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class OracleMark:
    """A mark as it was recorded: for a session ("AM", "PM"), a slot (1-20) or the day as a whole ("day"); "carried" is another
    school's count of the whole day.

    `value` is a code, or for the whole day (unjustified, justified, present) half days; None takes the mark back.
    """

    day: date
    place: str | int
    value: str | tuple[int, int, int] | None
    minutes: int | None
    recorded_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class Rules:
    """The rules of a school and term: the open half days of each day of the term, each day's timetable (slot to minutes), the codes that
    are absences and those that are known at all (others say nothing), the day up to which blanks count, where they do, and
    whether what another school counted does."""

    open_half_days: Mapping[date, int]
    slot_minutes: Mapping[date, Mapping[int, int]]
    absent_codes: Collection[str]
    known_codes: Collection[str]
    blanks_until: date | None = None
    carried_counts: bool = False


def standing(history: Iterable[OracleMark]) -> dict[tuple[date, str | int], OracleMark]:
    """The mark that stands at each place: the latest recorded, then the latest received."""
    winners: dict[tuple[date, str | int], OracleMark] = {}
    for mark in history:
        place = (mark.day, mark.place)
        holder = winners.get(place)
        if holder is None or (mark.recorded_at, mark.received_at) > (holder.recorded_at, holder.received_at):
            winners[place] = mark
    return {place: mark for place, mark in winners.items() if mark.value is not None}


def absent_half_days(history: Collection[OracleMark], rules: Rules) -> int:
    """The total of a term."""
    marks = standing(history)
    marked_days = [mark.day for mark in history if mark.day in rules.open_half_days and mark.place != "carried"]
    total = 0
    for day, half_days in rules.open_half_days.items():
        of_day = {
            place: mark
            for (when, place), mark in marks.items()
            if when == day and (isinstance(mark.value, tuple) or mark.value in rules.known_codes)
        }
        elsewhere = of_day.pop("carried", None)
        if elsewhere is not None and not any(when == day and place != "carried" for when, place in marks):
            assert isinstance(elsewhere.value, tuple)
            total += min(elsewhere.value[0] + elsewhere.value[1], 2) if rules.carried_counts else 0
            continue
        blanks = rules.blanks_until is not None and bool(marked_days) and min(marked_days) <= day <= rules.blanks_until
        total += _absent_on(of_day, half_days, rules.slot_minutes.get(day, {}), rules.absent_codes, blanks)
    return total


def _absent_on(
    of_day: Mapping[str | int, OracleMark], half_days: int, slot_minutes: Mapping[int, int], absent_codes: Collection[str], blanks: bool
) -> int:
    if half_days == 0:
        return 0
    whole_day = of_day.get("day")
    if whole_day is not None and isinstance(whole_day.value, tuple):
        unjustified, justified, _ = whole_day.value
        return min(unjustified + justified, half_days)
    slots = {place: mark for place, mark in of_day.items() if isinstance(place, int)}
    if slots and slot_minutes:
        absent = 0
        for slot, minutes in slot_minutes.items():
            mark = slots.get(slot)
            if mark is None:
                absent += minutes if blanks else 0
            elif mark.value in absent_codes:
                absent += minutes if mark.minutes is None else min(mark.minutes, minutes)
        if absent == 0:
            return 0
        present = sum(slot_minutes.values()) - absent
        if present >= 240:
            return max(half_days - 2, 0)
        if present >= 120:
            return max(half_days - 1, 0)
        return half_days
    sessions = [mark for place, mark in of_day.items() if place in ("AM", "PM")]
    absent_sessions = sum(mark.value in absent_codes for mark in sessions)
    unmarked = half_days - len(sessions)
    return min(absent_sessions + (max(unmarked, 0) if blanks else 0), half_days)
