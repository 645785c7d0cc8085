"""The reason why a day counts as it does, in words a school can read out to a family. Pure."""

from collections.abc import Sequence
from typing import Final

from services.thresholds.pages.masthead import in_words
from services.thresholds.register.half_days import DayCount, DayMarks, count_day, present_half_days
from shared.attendance.calendar import Slot
from shared.attendance.codes import CodeTable

HALF_DAYS: Final = ("no half day", "one half day", "two half days")


def explain(
    marks: DayMarks, count: DayCount, open_half_days: int, timetable: Sequence[Slot], codes: CodeTable, holiday: str | None = None
) -> str:
    """One or two sentences: the marks, and the rule that made half days of them."""
    match count.rule:
        case "closed":
            return f"{holiday or 'The school is not open on this day'}: marks of this day do not count."
        case "unmarked" if not count.blanks_counted:
            return "Nobody has marked this day yet; what is not marked never counts as an absence."
        case "unmarked":
            words = "Nobody has marked this day."
        case "carried":
            # Whether this school was open that day does not matter.
            return f"{_by_another_school(marks)} {_carried(count)}"
        case "vendor":
            words = _by_vendor(marks)
        case "slots":
            words = _by_slots(marks, count, timetable, codes)
        case "sessions":
            words = _by_sessions(marks, codes)
    opening = " The school was open for one half day." if open_half_days == 1 else ""
    blanks = " This school counts what nobody has marked by the end of the day as an absence." if count.blanks_counted else ""
    return f"{words}{opening}{blanks} This makes {HALF_DAYS[count.absent]} absent."


def differences(days: Sequence[tuple[DayMarks, DayCount, Sequence[Slot]]], codes: CodeTable) -> list[str]:
    """Reasons for which the Ministry, or the school's own system, may arrive at another number for the same marks."""
    notes = []
    unmarked = sum(count.unmarked for _, count, _ in days)
    if unmarked:
        notes.append(
            f"{_half_days(unmarked)} not marked: they do not count here. The Ministry reads what is blank at the end of a day as truant."
        )
    blanks = sum(count.blanks_counted for _, count, _ in days)
    if blanks:
        notes.append(f"On {_days(blanks)} what nobody marked counts as an absence, as this school has chosen and the Ministry does.")
    vendor = sum(
        count.rule == "vendor"
        and count.absent
        != count_day(DayMarks(marks.sessions, marks.slots, None), count.absent + count.attended + count.unmarked, timetable, codes).absent
        for marks, count, timetable in days
        if marks.sessions or marks.slots
    )
    if vendor:
        notes.append(f"On {_days(vendor)} the school's system counts other half days than its own codes give; its count is used.")
    carried = [(marks.elsewhere, count) for marks, count, _ in days if count.rule == "carried" and marks.elsewhere is not None]
    if carried:
        brought = sum(min(elsewhere.unjustified + elsewhere.justified, 2) for elsewhere, _ in carried)
        counted = sum(count.absent for _, count in carried)
        effect = "they count here, as this school has chosen" if counted or not brought else "they do not count at this school"
        notes.append(
            f"The student came from another school with {_days(len(carried))} of this term, absent for {brought} half days: {effect}."
        )
    closed = sum(count.rule == "closed" for _, count, _ in days)
    if closed:
        notes.append(f"Marks of {_days(closed)} on which the school was not open are left out.")
    overseas = sum("O" in marks.sessions.values() or any(code == "O" for code, _ in marks.slots.values()) for marks, _, _ in days)
    if overseas:
        notes.append("Whether an absence overseas (O) is justified is not settled in public texts; either way it counts.")
    return notes


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count} days"


def _half_days(count: int) -> str:
    return "One half day is" if count == 1 else f"{count} half days are"


def _by_vendor(marks: DayMarks) -> str:
    assert marks.vendor is not None
    count = marks.vendor
    return (
        f"The school's system counted {count.unjustified} unjustified, {count.justified} justified and {count.present} present;"
        " its own count goes before codes."
    )


def _by_another_school(marks: DayMarks) -> str:
    assert marks.elsewhere is not None
    counted = marks.elsewhere
    return (
        f"The student was at another school, which counted {counted.unjustified} unjustified, {counted.justified} justified and"
        f" {counted.present} present."
    )


def _carried(count: DayCount) -> str:
    if count.absent or count.attended:
        return f"This school counts what a student brings along. This makes {HALF_DAYS[count.absent]} absent."
    return "What a student brings along does not count at this school. This makes no half day absent."


def _by_sessions(marks: DayMarks, codes: CodeTable) -> str:
    return " ".join(f"{session}: {_meaning(marks.sessions[session], codes)}." for session in sorted(marks.sessions))


def _by_slots(marks: DayMarks, count: DayCount, timetable: Sequence[Slot], codes: CodeTable) -> str:
    absent = [slot.name for slot in timetable if slot.slot in marks.slots and codes.is_absence(marks.slots[slot.slot][0])]
    if not absent:
        return f"No absence in any of the day's {count.open_minutes} minutes."
    present = count.open_minutes - count.absent_minutes
    return (
        f"{in_words(absent)} absent: {count.absent_minutes} of {count.open_minutes} minutes;"
        f" {present} minutes present: {HALF_DAYS[present_half_days(present)]} present."
    )


def _meaning(code: str, codes: CodeTable) -> str:
    entry = codes.by_code.get(code)
    if entry is None:
        return f"{code} (a code that is not known here), as if not marked"
    effect = {
        "present": "not an absence",
        "justified": "a justified absence, which counts",
        "unjustified": "an unjustified absence, which counts",
        "excluded": "neither present nor absent",
    }[codes.class_of(code)]
    return f"{code} ({entry.meaning.lower()}), {effect}"
