"""From a day's marks to half days: the rules, as pure functions.

Sources: the Ministry counts a half day as two hours and looks at the whole day, 240 minutes present being two half days and 120 one.
Half-day (AM, PM) marks count one half day for each absent session. An unmarked half day never counts as an absence. Whether a new
student's absences at the school before count is the school's choice. Only what was open counts (decision 22).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from services.thresholds.register import packed_row
from shared.attendance.codes import ABSENCES, CodeClass, CodeTable
from shared.attendance.timetable import CLOSED, Closed, Opening
from shared.events.data import VendorCount

Rule = Literal["closed", "not-on-roll", "not-attended", "unmarked", "carried", "vendor", "slots", "sessions"]

HALF_DAY: Final = 120
"""Minutes present that make a half day."""

_CLOSED: Final[dict[Closed, Rule]] = {"school": "closed", "roll": "not-on-roll", "attends": "not-attended"}


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

    absent + attended + excluded + unmarked is the number of half days that were open; of a day at another school, what it counted,
    or nothing where that does not count. Minutes are given by the slot rule only.
    `blanks_counted`: some of the absences are unmarked half days, because the school reads blanks as truant.
    `by_codes`: absences of a day with a vendor's count that the count leaves open and the codes give.
    `opening` is what was open, given the marks, and `codes` what the marks give without the vendor's count; None without marks or count.
    """

    rule: Rule
    absent: int
    attended: int
    excluded: int
    unmarked: int
    open_minutes: int = 0
    absent_minutes: int = 0
    blanks_counted: bool = False
    by_codes: int = 0
    excluded_minutes: int = 0
    opening: Opening = field(default=CLOSED, compare=False)
    codes: "DayCount | None" = field(default=None, compare=False)

    @property
    def differs(self) -> bool:
        """Whether a vendor's count and the day's own marks both speak, and differ."""
        return self.codes is not None and self.codes.absent != self.absent


def present_half_days(minutes: int, half_days: int = 2, open_minutes: int = 2 * HALF_DAY) -> int:
    """How many of so many open half days are present. Each takes two hours, or its share of what was open where that is less."""
    needed = min(HALF_DAY * half_days, open_minutes)
    return next((number for number in range(half_days, 0, -1) if minutes * half_days >= number * needed), 0)


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


def count_day(marks: DayMarks, opening: Opening, codes: CodeTable, *, blanks_count: bool = False, carried_counts: bool = False) -> DayCount:
    """The half days of one day.

    Where a day has marks of several kinds, the vendor's own count decides; for what it leaves open, and where there is none, the
    timetable's slots, else the sessions. `blanks_count`: what is not marked is an absence. A code that the table does not know counts as
    no mark: its place is as if nobody had marked it. `carried_counts`: the count of another school counts here, on its own open days,
    as long as this school has no mark of the day, or the student was not on its roll.
    """
    elsewhere = marks.carried if opening.closed == "roll" else marks.elsewhere
    if elsewhere is not None:
        return _by_another_school(elsewhere, counts=carried_counts)
    marks = known(marks, codes)
    opening = opening.marked(marks.sessions, marks.slots)
    if opening.closed is not None:
        return DayCount(_CLOSED[opening.closed], 0, 0, 0, 0)
    by_codes = _by_codes(marks, opening, codes, blanks_count=blanks_count)
    if marks.vendor is None:
        return by_codes
    return _by_vendor(marks.vendor, by_codes, speak=bool(marks.sessions or marks.slots))


def known(marks: DayMarks, codes: CodeTable) -> DayMarks:
    """This school's marks without those whose code the table does not know."""
    if all(code in codes for code in marks.sessions.values()) and all(code in codes for code, _ in marks.slots.values()):
        return marks
    sessions = {session: code for session, code in marks.sessions.items() if code in codes}
    return DayMarks(sessions, {slot: mark for slot, mark in marks.slots.items() if mark[0] in codes}, marks.vendor)


def _by_codes(marks: DayMarks, opening: Opening, codes: CodeTable, *, blanks_count: bool) -> DayCount:
    if marks.slots and opening.slots:
        return _by_slots(marks.slots, opening, codes, blanks_count=blanks_count)
    if marks.sessions:
        return _by_sessions(marks.sessions, opening, codes, blanks_count=blanks_count)
    if blanks_count:
        return DayCount("unmarked", opening.half_days, 0, 0, 0, blanks_counted=True, opening=opening)
    return DayCount("unmarked", 0, 0, 0, opening.half_days, opening=opening)


def _by_vendor(count: VendorCount, codes: DayCount, *, speak: bool) -> DayCount:
    """For what the count leaves open, the day's marks speak: a system may have no counter for the code (overseas leave)."""
    half_days = codes.opening.half_days
    counted = min(count.unjustified + count.justified, half_days)
    present = min(count.present, half_days - counted)
    left = half_days - counted - present
    by_codes = min(left, max(codes.absent - counted, 0))
    left -= by_codes
    attended = min(left, max(codes.attended - present, 0))
    left -= attended
    excluded = min(left, codes.excluded)
    return DayCount(
        "vendor",
        counted + by_codes,
        present + attended,
        excluded,
        left - excluded,
        blanks_counted=codes.blanks_counted and by_codes > 0,
        by_codes=by_codes,
        opening=codes.opening,
        codes=codes if speak else None,
    )


def _by_another_school(count: VendorCount, *, counts: bool) -> DayCount:
    if not counts:
        return DayCount("carried", 0, 0, 0, 0)
    absent = min(count.unjustified + count.justified, 2)
    return DayCount("carried", absent, min(count.present, 2 - absent), 0, 0)


def _by_sessions(sessions: dict[str, str], opening: Opening, codes: CodeTable, *, blanks_count: bool) -> DayCount:
    classes = [codes.class_of(sessions[session]) for session in opening.sessions if session in sessions]
    absent = sum(_absent(code_class) for code_class in classes)
    attended = classes.count("present")
    excluded = classes.count("excluded")
    unmarked = opening.half_days - absent - attended - excluded
    if blanks_count and unmarked:
        return DayCount("sessions", absent + unmarked, attended, excluded, 0, blanks_counted=True, opening=opening)
    return DayCount("sessions", absent, attended, excluded, unmarked, opening=opening)


def _by_slots(slots: dict[int, tuple[str, int | None]], opening: Opening, codes: CodeTable, *, blanks_count: bool) -> DayCount:
    absent_minutes = 0
    excluded_minutes = 0
    unmarked = 0
    counted = False
    for slot in opening.slots:
        if slot.slot not in slots:
            unmarked += slot.minutes
            continue
        code, minutes = slots[slot.slot]
        covered = slot.minutes if minutes is None else min(minutes, slot.minutes)
        code_class = codes.class_of(code)
        counted = counted or code_class != "excluded" or covered < slot.minutes
        if code_class == "excluded":
            excluded_minutes += covered
        elif _absent(code_class):
            absent_minutes += covered
    if blanks_count:
        absent_minutes += unmarked
    # Whatever is neither present nor absent leaves the day: its half days, and the minutes that the others are measured by.
    whole = opening.minutes
    half_days = present_half_days(whole - excluded_minutes, opening.half_days, whole)
    there = whole - excluded_minutes
    absent = half_days - present_half_days(there - absent_minutes, half_days, there)
    rest = half_days - absent
    return DayCount(
        "slots",
        absent,
        rest if counted else 0,
        opening.half_days - half_days,
        0 if counted else rest,
        whole,
        absent_minutes,
        blanks_count and unmarked > 0,
        excluded_minutes=excluded_minutes,
        opening=opening,
    )


def _absent(code_class: CodeClass) -> bool:
    return code_class in ABSENCES
