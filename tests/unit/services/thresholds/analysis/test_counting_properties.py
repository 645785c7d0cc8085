"""All rows at once against the slow rules, one student and day at a time: any marks, calendars, timetables and moments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.thresholds.analysis import grid as grids
from services.thresholds.analysis.categories import LEVELS, category_levels
from services.thresholds.analysis.counting import count_half_days, count_school_days
from services.thresholds.analysis.grid import decode, standing_marks
from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.kept_days import DayKeeper
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

FIRST = date(2026, 10, 12)
CODES = CodeTable.load()
KEEPER = DayKeeper(CODES)
NOON = datetime(2026, 10, 20, 0, 0, tzinfo=UTC)

# Days before and after the term, weekends and closed days are among them, as when a calendar was changed afterwards.
days = st.integers(min_value=-2, max_value=15).map(lambda number: FIRST + timedelta(days=number))
# B is in no table.
codes = st.one_of(st.none(), st.sampled_from("PPPPLADIQMMJUOEGT?XXCHKYZFNRSVWB"))
counts = st.one_of(st.none(), st.builds(VendorCount, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)))
slots = st.lists(st.sampled_from([25, 45, 60, 75, 120]), min_size=1, max_size=7).map(
    lambda lengths: tuple(Slot(number, f"Period {number}", minutes) for number, minutes in enumerate(lengths, start=1))
)


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    said: dict[str, Any] = {"student": "1", "date": draw(days), "recorded_at": NOON + timedelta(seconds=draw(st.integers(0, 9)))}
    match draw(st.sampled_from(["session", "session", "slot", "slot", "slot", "slot", "vendor", "carried"])):
        case "session":
            said |= {"session": draw(st.sampled_from(["AM", "PM"])), "code": draw(codes)}
        case "slot":
            said |= {"slot": draw(st.integers(1, 8)), "code": draw(codes), "minutes": draw(st.sampled_from([None, None, 5, 30, 119, 120]))}
        case "vendor":
            said |= {"half_days": draw(counts)}
        case _:
            said |= {"half_days": draw(counts), "carried": True}
    return Mark(**said)


@st.composite
def calendars(draw: st.DrawFn) -> SchoolCalendar:
    boundary = FIRST + timedelta(days=draw(st.integers(1, 12)))
    timetables = [Timetable(None, draw(slots))] if draw(st.booleans()) else []
    if draw(st.booleans()):
        timetables.append(Timetable(draw(days), draw(slots)))
    return SchoolCalendar(
        (Term("2026-T4", FIRST, boundary),),
        closed_days=draw(st.frozensets(days, max_size=3)),
        half_days=draw(st.frozensets(days, max_size=3)),
        timetables=tuple(timetables),
        blanks_are_truant=draw(st.booleans()),
        carried_absences_count=draw(st.booleans()),
    )


sessions = st.sampled_from([("AM",), ("PM",), ("AM", "PM"), ()])
enrolments = st.one_of(
    st.none(),
    st.builds(
        Enrolment,
        st.one_of(st.none(), days),
        st.one_of(st.none(), days),
        st.just(()),
        st.one_of(st.none(), st.tuples(sessions, sessions, sessions, sessions, sessions)),
    ),
)
rows = st.lists(marks(), max_size=30).map(lambda said: packed_row.merge(b"", [packed_row.pack(mark, NOON) for mark in said]))
moments = st.integers(-3, 16).flatmap(lambda day: st.sampled_from([0, 5, 11]).map(lambda hour: NOON + timedelta(days=day - 8, hours=hour)))


def kept(school: list[bytes], calendar: SchoolCalendar, now: datetime, enrolled: Sequence[Enrolment | None] | None = None) -> list[bytes]:
    """The kept days of these rows; an empty row has none."""
    (term,) = calendar.terms
    own = [calendar.for_student(enrolment, term) for enrolment in enrolled or [None] * len(school)]
    return [KEEPER.all_days(row, term, theirs, theirs.ended_through(now)) if row else b"" for row, theirs in zip(school, own, strict=True)]


@settings(max_examples=600, deadline=None)
@given(st.lists(rows, max_size=6), calendars(), moments, st.lists(enrolments, min_size=6, max_size=6))
def test_all_rows_at_once_are_counted_as_each_by_itself(
    school: list[bytes], calendar: SchoolCalendar, now: datetime, enrolled: list[Enrolment | None]
) -> None:
    (term,) = calendar.terms
    enrolled = enrolled[: len(school)]
    found = count_half_days(kept(school, calendar, now, enrolled), term, calendar, CODES, now, enrolled)
    folder = Folder(CODES)
    assert found.students == len(school)
    levels = category_levels(found.attended.sum(axis=1), found.counted.sum(axis=1))
    for student, row in enumerate(school):
        own = calendar.for_student(enrolled[student], term)
        slow = attendance(row, term, own, CODES, now)
        said = {
            day: tuple(int(table[student, column]) for table in (found.absent, found.attended, found.excluded, found.unmarked))
            for column, day in enumerate(found.days)
        }
        there = {day.day: (day.count.absent, day.count.attended, day.count.excluded, day.count.unmarked) for day in slow.days}
        assert {day: counts for day, counts in said.items() if any(counts)} == {day: counts for day, counts in there.items() if any(counts)}
        absences = folder.absences(row, term, own, now)
        assert tuple((day, counts[0]) for day, counts in said.items() if counts[0]) == absences.days
        assert int(found.by_cause[student].sum()) == absences.half_days
        assert LEVELS[levels[student]] == (slow.category or "unmarked")


@settings(max_examples=300, deadline=None)
@given(st.lists(rows, max_size=4), calendars(), moments, st.integers(0, 12), st.integers(0, 12))
def test_some_days_of_a_term_are_counted_as_in_all_of_it(
    school: list[bytes], calendar: SchoolCalendar, now: datetime, since: int, until: int
) -> None:
    (term,) = calendar.terms
    today = calendar.today(now)
    wanted = [
        day for day in calendar.school_days(term, until=today) if FIRST + timedelta(days=since) <= day <= FIRST + timedelta(days=until)
    ]
    days_of_all = kept(school, calendar, now)
    whole = count_half_days(days_of_all, term, calendar, CODES, now)
    columns = [whole.days.index(day) for day in wanted]
    absent, counted = count_school_days(days_of_all, term, wanted)
    assert absent.tolist() == whole.absent[:, columns].tolist()
    assert counted.tolist() == whole.counted[:, columns].tolist()


@settings(max_examples=300, deadline=None)
@given(st.lists(rows, max_size=6), calendars(), st.sampled_from([1, 40, 1 << 22]))
def test_a_grid_says_what_stands_marked_on_each_day(school: list[bytes], calendar: SchoolCalendar, looked_up: int) -> None:
    (term,) = calendar.terms
    before, grids._LOOKED_UP = grids._LOOKED_UP, looked_up  # type: ignore[misc]
    try:
        found = decode(school, term, calendar.school_days(term))
    finally:
        grids._LOOKED_UP = before  # type: ignore[misc]
    for student, row in enumerate(school):
        by_day = packed_row.values_by_day(row)
        there = {day: by_day[packed_row.number_of(day)] for day in found.days if packed_row.number_of(day) in by_day}
        said = {day: found.values[found.kinds[student, column]] for column, day in enumerate(found.days)}
        assert {day: values for day, values in said.items() if values} == there
        assert {packed_row.date_of(number) for number in by_day if packed_row.date_of(number) in term} <= set(found.days)
    assert standing_marks(school).tolist() == [sum(map(len, packed_row.values_by_day(row).values())) for row in school]


def test_without_rows_or_days_there_is_an_empty_table() -> None:
    calendar = SchoolCalendar((Term("2026-T4", FIRST, date(2026, 12, 18)),))
    (term,) = calendar.terms
    assert count_half_days([], term, calendar, CODES, NOON).absent.shape == (0, 7)
    before = count_half_days([b"", b""], term, calendar, CODES, datetime(2026, 10, 1, tzinfo=UTC))
    assert before.absent.shape == (2, 0)
    assert before.by_cause.shape == (2, 0)
