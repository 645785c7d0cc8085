"""Which codes a day's absent half days are put down to. Pure.

No public text says how a day of several codes is to be told apart, so this rule is ours: half days go to the codes in proportion to
the absences that were marked with them (sessions, or minutes of slots), rounded by the largest remainder, the earlier code first among
equals. The half days of a day never change by it, only what they are put down to.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from services.thresholds import register
from services.thresholds.folding import Absences
from services.thresholds.half_days import DayMarks, day_marks
from shared.attendance.calendar import SchoolCalendar, Slot
from shared.attendance.codes import CodeTable

UNSTATED: Final = ""
"""Stands for no code: the day's absence is a vendor's count without codes, or the school reads blanks as truant."""


def reasons(marks: DayMarks, absent_half_days: int, timetable: Sequence[Slot], codes: CodeTable) -> dict[str, int]:
    """The day's absent half days by code; they add up to `absent_half_days`."""
    if absent_half_days == 0:
        return {}
    weights = _weights(marks, timetable, codes) or {UNSTATED: 1}
    whole = sum(weights.values())
    parts = {code: divmod(absent_half_days * weight, whole) for code, weight in weights.items()}
    shares = {code: floor for code, (floor, _) in parts.items()}
    left = absent_half_days - sum(shares.values())
    for code in sorted(parts, key=lambda code: -parts[code][1])[:left]:
        shares[code] += 1
    return {code: share for code, share in shares.items() if share}


def illness_half_days(row: bytes, absences: Absences, calendar: SchoolCalendar, codes: CodeTable) -> int:
    """How many of a term's absent half days are put down to illness."""
    by_day = register.values_by_day(row)
    total = 0
    for day, half_days in absences.days:
        marks = day_marks(by_day.get(register.number_of(day), ()))
        shares = reasons(marks, half_days, calendar.slots_on(day), codes)
        total += sum(share for code, share in shares.items() if codes.is_illness(code))
    return total


def _weights(marks: DayMarks, timetable: Sequence[Slot], codes: CodeTable) -> Mapping[str, int]:
    """How much absence was marked with each code, in the order of the day."""
    weights: dict[str, int] = {}
    for slot in timetable if marks.slots else ():
        code, minutes = marks.slots.get(slot.slot, (UNSTATED, None))
        if codes.is_absence(code):
            weights[code] = weights.get(code, 0) + min(minutes if minutes is not None else slot.minutes, slot.minutes)
    if marks.slots and timetable and (weights or marks.vendor is None):
        return weights
    for session in ("AM", "PM"):
        code = marks.sessions.get(session, UNSTATED)
        if codes.is_absence(code):
            weights[code] = weights.get(code, 0) + 1
    return weights
