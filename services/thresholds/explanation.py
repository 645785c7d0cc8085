"""Why a day counts as it does, in words a school can read out to a family."""

from collections.abc import Sequence
from typing import Final

from services.thresholds.half_days import DayCount, DayMarks, present_half_days
from shared.attendance.calendar import Slot
from shared.attendance.codes import CodeTable

HALF_DAYS: Final = ("no half day", "one half day", "two half days")


def explain(marks: DayMarks, count: DayCount, open_half_days: int, timetable: Sequence[Slot], codes: CodeTable) -> str:
    """One or two sentences: what was marked, and the rule that made half days of it."""
    match count.rule:
        case "closed":
            return "The school is not open on this day, so its marks do not count."
        case "unmarked":
            return "Nobody has marked this day yet; what is not marked never counts as an absence."
        case "vendor":
            words = _by_vendor(marks)
        case "slots":
            words = _by_slots(marks, count, timetable, codes)
        case "sessions":
            words = _by_sessions(marks, codes)
    opening = " The school was open for one half day." if open_half_days == 1 else ""
    return f"{words}{opening} This makes {HALF_DAYS[count.absent]} absent."


def _by_vendor(marks: DayMarks) -> str:
    assert marks.vendor is not None
    counted = marks.vendor
    return (
        f"The school's system counted {counted.unjustified} unjustified, {counted.justified} justified and {counted.present} present;"
        " its own count goes before codes."
    )


def _by_sessions(marks: DayMarks, codes: CodeTable) -> str:
    return " ".join(f"{session}: {_meaning(marks.sessions[session], codes)}." for session in sorted(marks.sessions))


def _by_slots(marks: DayMarks, count: DayCount, timetable: Sequence[Slot], codes: CodeTable) -> str:
    absent = [slot.name for slot in timetable if slot.slot in marks.slots and _is_absence(marks.slots[slot.slot][0], codes)]
    if not absent:
        return f"No absence in any of the day's {count.open_minutes} minutes."
    present = count.open_minutes - count.absent_minutes
    return (
        f"{_listed(absent)} absent: {count.absent_minutes} of {count.open_minutes} minutes;"
        f" {present} minutes present: {HALF_DAYS[present_half_days(present)]} present."
    )


def _meaning(code: str, codes: CodeTable) -> str:
    known = codes.by_code[code]
    effect = {
        "present": "not an absence",
        "justified": "a justified absence, which counts",
        "unjustified": "an unjustified absence, which counts",
        "excluded": "neither present nor absent",
    }[codes.class_of(code)]
    return f"{code} ({known.meaning.lower()}), {effect}"


def _is_absence(code: str, codes: CodeTable) -> bool:
    return codes.class_of(code) in ("justified", "unjustified")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
