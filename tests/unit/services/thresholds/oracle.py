"""The slow, obvious oracle of the register, written from the rules and not from the code.

It keeps every mark ever said in a list and, when asked, goes through all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

ABSENT_CODES = "MJUOEGT?"


@dataclass(frozen=True)
class Said:
    """A mark as somebody said it: for a session ("AM", "PM"), a slot (1-20) or the day as a whole ("day")."""

    day: date
    place: str | int
    value: str | tuple[int, int, int] | None
    minutes: int | None
    recorded_at: datetime
    received_at: datetime


def standing(said: Iterable[Said]) -> dict[tuple[date, str | int], Said]:
    """What stands at each place: the latest recorded, then the latest received."""
    winners: dict[tuple[date, str | int], Said] = {}
    for mark in said:
        place = (mark.day, mark.place)
        holder = winners.get(place)
        if holder is None or (mark.recorded_at, mark.received_at) > (holder.recorded_at, holder.received_at):
            winners[place] = mark
    return {place: mark for place, mark in winners.items() if mark.value is not None}


def absent_half_days(said: Iterable[Said], open_half_days: dict[date, int], slot_minutes: dict[int, int]) -> int:
    """The total of a term. `open_half_days` has only the days of the term; others count nothing."""
    total = 0
    marks = standing(said)
    for day, half_days in open_half_days.items():
        of_day = {place: mark for (when, place), mark in marks.items() if when == day}
        total += _absent_on(of_day, half_days, slot_minutes)
    return total


def _absent_on(of_day: dict[str | int, Said], half_days: int, slot_minutes: dict[int, int]) -> int:
    if half_days == 0:
        return 0
    if "day" in of_day:
        unjustified, justified, _ = of_day["day"].value  # type: ignore[misc]
        return min(int(unjustified) + int(justified), half_days)
    slots = {place: mark for place, mark in of_day.items() if isinstance(place, int)}
    if slots and slot_minutes:
        absent = 0
        for place, mark in slots.items():
            if str(mark.value) in ABSENT_CODES and place in slot_minutes:
                absent += slot_minutes[place] if mark.minutes is None else min(mark.minutes, slot_minutes[place])
        if absent == 0:
            return 0
        present = sum(slot_minutes.values()) - absent
        if present >= 240:
            return max(half_days - 2, 0)
        if present >= 120:
            return max(half_days - 1, 0)
        return half_days
    absent_sessions = [place for place, mark in of_day.items() if place in ("AM", "PM") and str(mark.value) in ABSENT_CODES]
    return min(len(absent_sessions), half_days)
