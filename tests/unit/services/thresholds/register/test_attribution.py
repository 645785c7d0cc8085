"""Which codes a day's absent half days belong to: by hand."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.register import packed_row
from services.thresholds.register.attribution import Attribution, Cause, attribute, share
from services.thresholds.register.folding import Folder
from services.thresholds.register.half_days import DayMarks, count_day
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, Timetable, opened
from shared.events.data import Mark, VendorCount

CODES = CodeTable.load()
FIVE = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
M, T, E = Cause("justified", "M"), Cause("unjustified", "T"), Cause("unjustified", "E")
BLANK = Cause("unjustified", "blank")


def look(
    sessions: str = "",
    slots: str = "",
    vendor: VendorCount | None = None,
    *,
    half_days: int = 2,
    blanks: bool = False,
    **other: VendorCount,
) -> Attribution:
    marks = DayMarks(
        {name: code for name, code in zip(("AM", "PM"), sessions, strict=False) if code != "."},
        {number: (code, None) for number, code in enumerate(slots, start=1) if code != "."},
        vendor,
        other.get("carried"),
    )
    count = count_day(marks, opened(half_days, FIVE if slots else ()), CODES, blanks_count=blanks, carried_counts=True)
    found = attribute(marks, count, CODES)
    assert sum(number for _, number in found.causes) == count.absent
    return found


@pytest.mark.parametrize(
    ("sessions", "half_days", "causes", "part"),
    [
        ("PP", 2, {}, None),
        ("MP", 2, {M: 1}, "morning"),
        ("PT", 2, {T: 1}, "afternoon"),
        (".T", 2, {T: 1}, "afternoon"),
        ("MM", 2, {M: 2}, None),
        ("MT", 2, {M: 1, T: 1}, None),
        # Open for one half day, both marked: the first code of the day has it.
        ("MT", 1, {M: 1}, None),
    ],
)
def test_of_sessions_each_has_its_code(sessions: str, half_days: int, causes: dict[Cause, int], part: str | None) -> None:
    found = look(sessions, half_days=half_days)
    assert (dict(found.causes), found.part) == (causes, part)


@pytest.mark.parametrize(
    ("slots", "causes", "part"),
    [
        # One period of five leaves 240 minutes: no half day is lost.
        ("MPPPP", {}, None),
        ("MMPPP", {M: 1}, "morning"),
        ("PPPTT", {T: 1}, "afternoon"),
        # The third period lies in the very middle and in neither half.
        ("PMMPP", {M: 1}, "morning"),
        ("MPPPM", {M: 1}, None),
        # Most minutes have the one half day.
        ("PTMMP", {M: 1}, None),
        ("MTPPP", {M: 1}, "morning"),
        ("TMPPP", {T: 1}, "morning"),
        # 240 against 60: 240, then 120 against 60.
        ("MMMMT", {M: 2}, None),
        # 180 against 120: 180, then 90 against 120.
        ("MMMTT", {M: 1, T: 1}, None),
        # 120, 120 and 60: the first of the day, then the other.
        ("TEETM", {T: 1, E: 1}, None),
    ],
)
def test_of_periods_the_half_days_go_to_most_minutes(slots: str, causes: dict[Cause, int], part: str | None) -> None:
    found = look(slots=slots)
    assert (dict(found.causes), found.part) == (causes, part)


def test_a_system_s_count_gives_the_classes_and_the_day_s_codes_their_names() -> None:
    assert dict(look("MT", vendor=VendorCount(1, 1, 0)).causes) == {T: 1, M: 1}
    assert dict(look("MM", vendor=VendorCount(0, 1, 1)).causes) == {M: 1}
    assert dict(look("MM", vendor=VendorCount(2, 0, 0)).causes) == {Cause("unjustified", "counted"): 2}
    assert dict(look(slots="PPPTT", vendor=VendorCount(1, 0, 1)).causes) == {T: 1}
    assert dict(look(vendor=VendorCount(1, 1, 0), half_days=1).causes) == {Cause("unjustified", "counted"): 1}


def test_what_nobody_marked_is_a_cause_of_its_own_where_it_counts() -> None:
    assert dict(look(blanks=True).causes) == {BLANK: 2}
    assert dict(look("M.", blanks=True).causes) == {M: 1, BLANK: 1}
    assert dict(look(slots="MMM..", blanks=True).causes) == {M: 1, BLANK: 1}
    assert look(slots="PPP..", blanks=True).part is None
    assert dict(look("M.").causes) == {M: 1}


def test_another_school_s_count_is_a_cause_of_its_own() -> None:
    elsewhere = {Cause("unjustified", "elsewhere"): 1, Cause("justified", "elsewhere"): 1}
    assert dict(look(carried=VendorCount(1, 1, 0)).causes) == elsewhere


def test_retired_and_unknown_codes_are_no_cause() -> None:
    assert dict(look("MB").causes) == {M: 1}
    assert dict(look("MK").causes) == {M: 1}


def test_an_unknown_code_in_a_period_leaves_the_day_to_its_sessions() -> None:
    assert dict(look("MP", "B").causes) == {M: 1}
    assert dict(look("MT", "B", VendorCount(1, 1, 0)).causes) == {M: 1, T: 1}


def test_shares_by_highest_averages() -> None:
    assert share(3, {"a": 100, "b": 60}) == {"a": 2, "b": 1}
    assert share(0, {"a": 1}) == {}


TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
AT = datetime(2026, 10, 13, 9, tzinfo=UTC)


def test_the_illness_of_a_term_is_what_its_absent_days_put_down_to_illness() -> None:
    calendar = SchoolCalendar((TERM,), timetables=(Timetable(None, FIVE),))
    row = packed_row.merge(
        b"",
        [
            packed_row.pack(Mark("7", date(2026, 10, 13), AT, session="AM", code="M"), AT),
            packed_row.pack(Mark("7", date(2026, 10, 13), AT, session="PM", code="M"), AT),
            packed_row.pack(Mark("7", date(2026, 10, 14), AT, session="AM", code="T"), AT),
            packed_row.pack(Mark("7", date(2026, 10, 15), AT, session="PM", code="M"), AT),
            # A Saturday: it does not count, so it is no illness either.
            packed_row.pack(Mark("7", date(2026, 10, 17), AT, session="AM", code="M"), AT),
        ],
    )
    folder = Folder(CODES)
    absences = folder.absences(row, TERM, calendar, AT)

    assert absences.half_days == 4
    assert folder.illness_half_days(row, absences, calendar) == 3


def test_what_a_count_leaves_open_belongs_to_the_codes_it_has_no_counter_for() -> None:
    found = look("", "TTTOO", VendorCount(1, 0, 0))
    assert dict(found.causes) == {T: 1, Cause(CODES.class_of("O"), "O"): 1}  # type: ignore[arg-type]
    assert dict(look("OO", vendor=VendorCount(0, 0, 0)).causes) == {Cause(CODES.class_of("O"), "O"): 2}  # type: ignore[arg-type]
    assert dict(look("", ".....", VendorCount(0, 0, 0), blanks=True).causes) == {Cause("unjustified", "blank"): 2}
