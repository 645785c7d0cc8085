"""The reason why a day counts as it does, in words a school can read out to a family. Pure."""

from collections.abc import Sequence
from typing import Final

from services.thresholds.pages.masthead import in_words
from services.thresholds.register.half_days import HALF_DAY, DayCount, DayMarks
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Opening

HALF_DAYS: Final = ("no half day", "one half day", "two half days")


def explain(marks: DayMarks, count: DayCount, codes: CodeTable, holiday: str | None = None, roll: str | None = None) -> str:
    """One or two sentences: the marks, and the rule that made half days of them."""
    match count.rule:
        case "closed":
            return f"{holiday or 'The school is not open on this day'}: marks of this day do not count."
        case "not-on-roll":
            return f"{roll or 'The student was not on the roll on this day'}: marks of this day do not count."
        case "not-attended":
            return "The student does not attend on this day: marks of this day do not count."
        case "unmarked" if not count.blanks_counted:
            return "Nobody has marked this day yet; what is not marked never counts as an absence."
        case "unmarked":
            words = "Nobody has marked this day."
        case "carried":
            # Whether this school was open that day does not matter.
            return f"{_by_another_school(marks)} {_carried(count)}"
        case "vendor":
            words = _by_vendor(marks, count, codes)
        case "slots":
            words = _by_slots(marks, count, codes)
        case "sessions":
            words = _by_sessions(marks, count, codes)
    blanks = " This school counts what nobody has marked by the end of the day as an absence." if count.blanks_counted else ""
    return f"{words}{_opening(count.opening)}{blanks} This makes {HALF_DAYS[count.absent]} absent."


def differences(days: Sequence[tuple[DayMarks, DayCount]]) -> list[str]:
    """Reasons for which the Ministry, or the school's own system, may arrive at another number for the same marks."""
    notes = []
    unmarked = sum(count.unmarked for _, count in days)
    if unmarked:
        notes.append(
            f"{_half_days(unmarked)} not marked: they do not count here. The Ministry reads what is blank at the end of a day as truant."
        )
    blanks = sum(count.blanks_counted for _, count in days)
    if blanks:
        notes.append(f"On {_days(blanks)} what nobody marked counts as an absence, as this school has chosen and the Ministry does.")
    vendor = sum(count.differs and not count.by_codes for _, count in days)
    if vendor:
        notes.append(f"On {_days(vendor)} the school's system counts other half days than its own codes give; its count is used.")
    by_codes = sum(bool(count.by_codes) for _, count in days)
    if by_codes:
        notes.append(f"On {_days(by_codes)} the school's system counts fewer half days than the day has; for the others its codes count.")
    carried = [(marks.carried, count) for marks, count in days if count.rule == "carried" and marks.carried is not None]
    if carried:
        brought = sum(min(elsewhere.unjustified + elsewhere.justified, 2) for elsewhere, _ in carried)
        counted = sum(count.absent for _, count in carried)
        effect = "they count here, as this school has chosen" if counted or not brought else "they do not count at this school"
        notes.append(
            f"The student came from another school with {_days(len(carried))} of this term, absent for {brought} half days: {effect}."
        )
    outside = sum(count.rule == "not-on-roll" for _, count in days)
    if outside:
        notes.append(f"Marks of {_days(outside)} on which the student was not on the roll are left out.")
    away = sum(count.rule == "not-attended" for _, count in days)
    if away:
        notes.append(f"Marks of {_days(away)} on which the student does not attend are left out.")
    closed = sum(count.rule == "closed" for _, count in days)
    if closed:
        notes.append(f"Marks of {_days(closed)} on which the school was not open are left out.")
    overseas = sum("O" in marks.sessions.values() or any(code == "O" for code, _ in marks.slots.values()) for marks, _ in days)
    if overseas:
        notes.append("Whether an absence overseas (O) is justified is not settled in public texts; either way it counts.")
    return notes


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count} days"


def _half_days(count: int) -> str:
    return "One half day is" if count == 1 else f"{count} half days are"


def _opening(opening: Opening) -> str:
    if opening.half_days != 1:
        return ""
    return f" One half day was open{': ' + in_words([slot.name for slot in opening.slots]) if opening.slots else ''}."


def _by_vendor(marks: DayMarks, count: DayCount, codes: CodeTable) -> str:
    assert marks.vendor is not None
    vendor = marks.vendor
    counted = f"The school's system counted {vendor.unjustified} unjustified, {vendor.justified} justified and {vendor.present} present;"
    alone = count.codes
    if alone is None:
        return f"{counted} its own count goes before codes."
    words = _by_slots(marks, alone, codes) if alone.rule == "slots" else _by_sessions(marks, alone, codes)
    if vendor.unjustified + vendor.justified + vendor.present < count.opening.half_days:
        return f"{counted} for what this leaves open, the codes count. {words}"
    if count.differs:
        return f"{counted} its own count goes before codes. By its codes alone it would be {HALF_DAYS[alone.absent]} absent: {words}"
    return f"{counted} its own count goes before codes."


def _by_another_school(marks: DayMarks) -> str:
    assert marks.carried is not None
    counted = marks.carried
    return (
        f"The student was at another school, which counted {counted.unjustified} unjustified, {counted.justified} justified and"
        f" {counted.present} present."
    )


def _carried(count: DayCount) -> str:
    if count.absent or count.attended:
        return f"This school counts what a student brings along. This makes {HALF_DAYS[count.absent]} absent."
    return "What a student brings along does not count at this school. This makes no half day absent."


def _by_sessions(marks: DayMarks, count: DayCount, codes: CodeTable) -> str:
    words = [f"{session}: {_meaning(marks.sessions[session], codes)}." for session in count.opening.sessions if session in marks.sessions]
    shut = [session for session in sorted(marks.sessions) if session not in count.opening.sessions]
    return " ".join([*words, *(f"{session} was not open: its mark does not count." for session in shut)])


def _by_slots(marks: DayMarks, count: DayCount, codes: CodeTable) -> str:
    slots = count.opening.slots
    absent = [slot.name for slot in slots if slot.slot in marks.slots and codes.is_absence(marks.slots[slot.slot][0])]
    blank = [slot.name for slot in slots if count.blanks_counted and marks.slots.get(slot.slot, ("", None))[0] not in codes]
    minutes = count.open_minutes - count.excluded_minutes
    leave = (
        f"{count.excluded_minutes} of {count.open_minutes} minutes are exam leave, neither present nor absent. " if count.excluded else ""
    )
    if count.excluded_minutes and not count.excluded:
        leave = ""
    if count.excluded_minutes:
        effect = f"neither present nor absent, and {HALF_DAYS[count.excluded]} with them" if count.excluded else "left out"
        leave = f"{count.excluded_minutes} of {count.open_minutes} minutes are exam leave: {effect}. "
    if not minutes:
        return leave.rstrip()
    if not absent and not blank:
        return f"{leave}No absence in any of the day's {minutes} {'other ' if leave else ''}minutes."
    missed = [f"{in_words(absent)} absent"] if absent else []
    missed += [f"{in_words(blank)} not marked"] if blank else []
    half_days = count.opening.half_days - count.excluded
    short = f" A half day takes {_minutes(minutes, half_days)} minutes here." if 0 < minutes < HALF_DAY * half_days else ""
    return (
        f"{leave}{', '.join(missed)}: {count.absent_minutes} of {minutes} minutes;"
        f" {minutes - count.absent_minutes} minutes present: {HALF_DAYS[half_days - count.absent]} present.{short}"
    )


def _minutes(minutes: int, half_days: int) -> str:
    share = minutes / half_days
    return f"{share:.0f}" if share.is_integer() else f"{share:.1f}"


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
