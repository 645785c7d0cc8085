"""The data-quality report about marks, students and dead letters: expectations by hand."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.thresholds.attendance.view import attendance
from services.thresholds.data_quality.report import Issue, report
from services.thresholds.data_quality.repository.reported_letters import ReportedLetter
from services.thresholds.data_quality.repository.students import StudentContacts
from services.thresholds.register import packed_row
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Session, Slot, Timetable
from shared.events.data import Mark, VendorCount

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar((TERM,))
CODES = CodeTable.load()
# Three in the afternoon of Wednesday the 14th in Auckland: Monday and Tuesday have ended.
NOW = datetime(2026, 10, 14, 2, 0, tzinfo=UTC)
MON, TUE, WED = "2026-10-12", "2026-10-13", "2026-10-14"
PERIODS = SchoolCalendar((TERM,), timetables=(Timetable(None, tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))),))

MORNINGS: tuple[tuple[Session, ...], ...] = (("AM",),) * 5

Marked = Mapping[str, str]
"""A day's marks: `{"AM": "P"}`, `{"1": "P"}` for a slot, `{"day": "110"}` for a vendor's unjustified, justified and present."""


def mark(day: str, place: str, value: str) -> Mark:
    what: dict[str, Any] = {"code": value or None}
    if place == "day":
        what = {"half_days": VendorCount(*map(int, value))}
    elif place.isdecimal():
        what["slot"] = int(place)
    else:
        what["session"] = place
    return Mark(student="1", date=date.fromisoformat(day), recorded_at=NOW, **what)


def row(student: str, days: Mapping[str, Marked]) -> tuple[str, bytes]:
    marks = [mark(day, place, value) for day, said in days.items() for place, value in said.items()]
    return (student, packed_row.merge(b"", [packed_row.pack(one, NOW) for one in marks]))


def look(
    students: Mapping[str, Mapping[str, Marked]],
    *,
    sent: Sequence[str] | None = None,
    calendar: SchoolCalendar = CALENDAR,
    now: datetime = NOW,
    codes: CodeTable = CODES,
    letters: Sequence[ReportedLetter] = (),
) -> list[Issue]:
    roster = [StudentContacts(student, 1, 1) for student in (students if sent is None else sent)]
    rows = [row(student, days) for student, days in students.items() if days]
    return report(TERM, calendar, codes, now, roster=roster, marks=dict(rows), letters=letters)


def told(issues: Sequence[Issue]) -> list[tuple[str, str | None, str | None, int, str]]:
    return [(issue.kind, issue.student, issue.day.isoformat() if issue.day else None, issue.count, issue.detail) for issue in issues]


FULL = {"AM": "P", "PM": "P"}
MARKED = {MON: FULL, TUE: FULL}


@pytest.mark.parametrize(
    ("days", "count", "detail"),
    [
        ({TUE: FULL}, 2, "2026-10-12 (before the first mark)"),
        ({MON: FULL}, 2, "2026-10-13"),
        ({MON: {"AM": "P"}, TUE: FULL}, 1, "2026-10-12 PM"),
        ({MON: {"PM": "M"}, TUE: {"AM": "X"}}, 2, "2026-10-12 AM, 2026-10-13 PM"),
        ({MON: FULL, TUE: {"AM": "P", "PM": ""}}, 1, "2026-10-13 PM"),
        ({MON: FULL, TUE: {"AM": "", "PM": ""}}, 2, "2026-10-13"),
        ({MON: {"day": "100"}, TUE: {"day": "002"}}, 1, "2026-10-12 one half day"),
        ({MON: {"day": "000"}, TUE: {"day": "110"}}, 2, "2026-10-12"),
        ({MON: FULL, TUE: {"AM": "P", "PM": "B"}}, 1, "2026-10-13 PM"),
        ({WED: FULL}, 4, "2026-10-12 to 2026-10-13 (before the first mark)"),
        ({}, 4, "no mark in this term: 2026-10-12 to 2026-10-13"),
    ],
)
def test_half_days_that_nobody_marked(days: Mapping[str, Marked], count: int, detail: str) -> None:
    issues = look({"1": days, "2": MARKED})
    assert told([issue for issue in issues if issue.kind == "unmarked"]) == [("unmarked", "1", None, count, detail)]


def test_a_day_is_over_at_six_in_the_evening() -> None:
    evening = datetime(2026, 10, 14, 5, 0, tzinfo=UTC)
    assert look({"1": MARKED}) == []
    assert told(look({"1": MARKED}, now=evening)) == [("unmarked", "1", None, 2, "2026-10-14")]


def test_days_in_a_row_are_told_together_over_the_weekend() -> None:
    marked = {MON: FULL, "2026-10-20": FULL}
    issues = look({"1": marked, "2": {}}, now=datetime(2026, 10, 21, 2, 0, tzinfo=UTC), sent=["1"])
    assert told(issues) == [("unmarked", "1", None, 10, "2026-10-13 to 2026-10-19")]


def test_closed_days_and_half_day_openings_ask_for_no_more_than_there_was() -> None:
    calendar = SchoolCalendar((TERM,), closed_days=frozenset({date(2026, 10, 12)}), half_days=frozenset({date(2026, 10, 13)}))
    assert look({"1": {TUE: {"AM": "P"}}}, calendar=calendar) == []


def test_a_day_that_nobody_marked_for_anybody_is_one_issue() -> None:
    assert told(look({"1": {TUE: FULL}, "2": {TUE: FULL}, "3": {TUE: FULL}})) == [
        ("unmarked", None, MON, 6, "nobody is marked: 3 students"),
    ]


def test_an_afternoon_that_nobody_marked_for_anybody_is_one_issue_too() -> None:
    issues = look({"1": {MON: {"AM": "P"}, TUE: FULL}, "2": {MON: {"AM": "M"}, TUE: FULL}})
    assert told(issues) == [("unmarked", None, MON, 2, "nobody is marked: 2 students, PM")]


def test_marks_of_one_student_make_the_others_issues_their_own() -> None:
    issues = look({"1": {TUE: FULL}, "2": {TUE: FULL}, "3": MARKED})
    assert [issue.student for issue in issues] == ["1", "2"]


def test_periods_that_nobody_marked_among_others() -> None:
    whole = dict.fromkeys("12345", "P")
    gappy = {MON: dict.fromkeys("1245", "P"), TUE: {**whole, "5": "B"}}
    issues = look({"1": gappy, "2": {MON: whole, TUE: whole}, "3": {MON: whole}}, calendar=PERIODS)
    assert told([issue for issue in issues if issue.kind != "unknown-code"]) == [
        ("unmarked", "3", None, 2, "2026-10-13"),
        ("unmarked-period", "1", None, 2, "2026-10-12 Period 3, 2026-10-13 Period 5"),
    ]


def test_a_period_that_nobody_marked_for_anybody_is_one_issue() -> None:
    most = dict.fromkeys("1234", "P")
    issues = look({"1": {MON: most, TUE: most}, "2": {MON: most, TUE: most}}, calendar=PERIODS)
    assert told(issues) == [
        ("unmarked-period", None, MON, 2, "nobody is marked: 2 students, Period 5"),
        ("unmarked-period", None, TUE, 2, "nobody is marked: 2 students, Period 5"),
    ]


@pytest.mark.parametrize(("day", "reported"), [(19, False), (20, True)])
def test_a_question_mark_is_reported_after_a_week_and_stays_one(day: int, reported: bool) -> None:
    marks = {f"2026-10-{date}": FULL for date in (12, 13, 14, 15, 16, 19)} | {MON: {"AM": "?", "PM": "?"}, TUE: {"AM": "?", "PM": "P"}}
    issues = look({"1": marks}, now=datetime(2026, 10, day, 2, 0, tzinfo=UTC))
    assert [(issue.kind, issue.day, issue.count) for issue in issues] == ([("unexplained", date(2026, 10, 12), 2)] if reported else [])


def test_retired_and_unknown_codes_are_told_by_code() -> None:
    issues = look({"1": {MON: {"AM": "K", "PM": "K"}, TUE: {"AM": "K", "PM": "C"}}, "2": MARKED | {TUE: {"AM": "B", "PM": "P"}}})
    assert told([issue for issue in issues if issue.kind != "unmarked"]) == [
        ("retired-code", "1", None, 1, "C is retired; it counts as D: 2026-10-13"),
        ("retired-code", "1", None, 3, "K is retired; it counts as A: 2026-10-12 to 2026-10-13"),
        ("unknown-code", "2", None, 1, "B is no code; it counts as if not marked: 2026-10-13"),
    ]


def test_a_retired_code_is_right_up_to_its_last_day() -> None:
    term = Term("2025-T1", date(2025, 1, 23), date(2025, 4, 11))
    days = {f"2025-01-{day}": {"AM": "K", "PM": "K"} for day in (23, 24, 27, 28)}
    now = datetime(2025, 1, 28, 6, 0, tzinfo=UTC)
    issues = report(
        term, SchoolCalendar((term,)), CODES, now, roster=[StudentContacts("1", 1, 1)], marks=dict([row("1", days)]), letters=[]
    )
    assert told(issues) == [("retired-code", "1", None, 4, "K is retired; it counts as A: 2025-01-27 to 2025-01-28")]


def test_a_code_outside_its_dates_without_a_successor(tmp_path: Any) -> None:
    path = tmp_path / "codes.toml"
    codes = [("P", "present", ""), ("M", "justified", "until = 2026-10-12\n")]
    path.write_text("".join(f'[[code]]\ncode = "{code}"\nmeaning = "x"\nclass = "{kind}"\n{rest}' for code, kind, rest in codes))
    issues = look({"1": {MON: {"AM": "M", "PM": "P"}, TUE: {"AM": "M", "PM": "P"}}}, codes=CodeTable.load(path))
    assert told(issues) == [("unknown-code", "1", None, 1, "M is not in use on these days; it counts as ever (justified): 2026-10-13")]


def test_caregivers_and_addresses() -> None:
    roster = [StudentContacts("1", 0, 0), StudentContacts("2", 2, 0), StudentContacts("3", 2, 1)]
    rows = [row(student, MARKED) for student in "123"]
    issues = report(TERM, CALENDAR, CODES, NOW, roster=roster, marks=dict(rows), letters=[])
    assert [(issue.kind, issue.student, issue.count) for issue in issues] == [("no-address", "2", 2), ("no-caregiver", "1", 1)]


def test_students_that_were_never_sent() -> None:
    students = {"1": MARKED, "2": {MON: {"AM": "P"}}, "3": {MON: {"AM": "", "PM": ""}}}
    assert told(look(students, sent=["1"])) == [
        ("unknown-student", "2", None, 1, "marks, but no such student was sent"),
        # They may have left after Monday: Tuesday is not asked for.
        ("unmarked", "2", None, 1, "2026-10-12 PM"),
    ]


def test_where_no_roll_was_ever_sent_the_last_days_are_asked_for() -> None:
    issues = look({"1": {MON: FULL}, "2": {MON: FULL}}, sent=[])
    assert [(issue.kind, issue.student, issue.day) for issue in issues] == [
        ("unknown-student", "1", None),
        ("unknown-student", "2", None),
        ("unmarked", None, date(2026, 10, 13)),
    ]


def test_dead_letters_have_the_date_at_the_school() -> None:
    letter = ReportedLetter(uuid.UUID(int=7), "notifier", "0999", "star.students.v1", "bad-data", 3, datetime(2026, 10, 13, 12, tzinfo=UTC))
    detail = "bad-data: kept by notifier from star.students.v1 as 00000000-0000-0000-0000-000000000007"
    assert told(look({}, letters=[letter])) == [("dead-letter", None, "2026-10-14", 3, detail)]


def test_before_the_term_there_is_nothing_to_say_of_marks() -> None:
    assert look({"1": {}, "2": {}}, now=datetime(2026, 10, 1, tzinfo=UTC)) == []


PLACES = st.sampled_from(["AM", "PM", "1", "2", "3", "4", "5", "9", "day"])
DAYS = st.sampled_from([MON, TUE, WED, "2026-10-15", "2026-10-17", "2026-10-26"])


@given(
    st.dictionaries(DAYS, st.dictionaries(PLACES, st.sampled_from(["P", "M", "X", "?", "K", "B", ""]), max_size=6), max_size=6),
    st.booleans(),
    st.sampled_from(["000", "001", "010", "110", "002"]),
)
def test_the_half_days_agree_with_the_students_own_view(days: dict[str, dict[str, str]], periods: bool, vendor: str) -> None:
    calendar = PERIODS if periods else CALENDAR
    marks = {day: {place: vendor if place == "day" else code for place, code in said.items()} for day, said in days.items()}
    # Late in the evening, so that all days the view shows have ended.
    now = datetime(2026, 10, 27, 10, 0, tzinfo=UTC)
    issues = look({"1": marks}, calendar=calendar, now=now)
    _, packed = row("1", marks)
    view = attendance(packed, TERM, calendar, CODES, now)
    assert sum(issue.count for issue in issues if issue.kind == "unmarked") == view.unmarked
    assert len({issue.key for issue in issues}) == len(issues)


def test_a_count_and_codes_that_differ_are_listed_with_both() -> None:
    issues = look({"1": {MON: {"day": "002", "AM": "M", "PM": "M"}, TUE: {"day": "000", "AM": "O", "PM": "O"}}})
    assert [(issue.kind, issue.day, issue.count, issue.detail) for issue in issues if issue.kind == "count-differs"] == [
        (
            "count-differs",
            date(2026, 10, 12),
            1,
            "the system counted 0 unjustified, 0 justified, 2 present, which makes 0 absent; its codes make 2",
        )
    ]


def test_the_closed_half_of_a_day_is_not_unmarked() -> None:
    calendar = SchoolCalendar((TERM,), half_days=frozenset({date(2026, 10, 12)}), timetables=PERIODS.timetables)
    issues = look({"1": {MON: {"1": "P", "2": "P", "3": "P"}, TUE: dict.fromkeys("12345", "P")}}, calendar=calendar)
    assert issues == []


def test_marks_off_the_roll_are_listed_and_their_gaps_are_not() -> None:
    enrolled = {"1": Enrolment(date(2026, 10, 13)), "2": Enrolment(None, date(2026, 10, 12)), "3": Enrolment(attends=MORNINGS)}
    rows = [row("1", {MON: {"AM": "T", "PM": "T"}, TUE: {"AM": "P", "PM": "P"}}), row("2", {MON: {"AM": "P", "PM": "P"}, TUE: {"AM": "?"}})]
    rows.append(row("3", {MON: {"AM": "P"}, TUE: {"AM": "P", "PM": "M"}}))
    roster = [StudentContacts(student, 1, 1) for student in "123"]
    issues = report(TERM, CALENDAR, CODES, NOW, roster=roster, marks=dict(rows), letters=[], enrolments=enrolled)
    assert [(issue.kind, issue.student, issue.count, issue.detail) for issue in issues] == [
        ("not-on-roll", "1", 2, "marks before joining or after leaving do not count: 2026-10-12"),
        ("not-on-roll", "2", 1, "marks before joining or after leaving do not count: 2026-10-13"),
    ]
