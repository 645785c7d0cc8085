"""The glance says what the explained term says, for rows of any marks and for schools that count in their own ways."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.thresholds.attendance.glance import Glancer
from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.day_reading import SHUT
from services.thresholds.register.kept_days import DayKeeper, KeptDays
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
CODES = CodeTable.load()
SLOTS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
PLAIN = SchoolCalendar((TERM,), half_days=frozenset({date(2026, 11, 18)}), closed_days=frozenset({date(2026, 11, 17)}))
CALENDARS = [
    PLAIN,
    replace(PLAIN, timetables=(Timetable(None, SLOTS),)),
    replace(PLAIN, blanks_are_truant=True, carried_absences_count=True),
]
ENROLMENTS = [None, Enrolment(starts_on=date(2026, 11, 11)), Enrolment(attends=(("AM",), ("AM", "PM"), ("PM",), (), ("AM", "PM")))]

days = st.integers(0, 39).map(lambda number: TERM.start + timedelta(days=number))
codes = st.sampled_from([*"PLM?TGJXE", None])
counts = st.sampled_from([VendorCount(1, 0, 1), VendorCount(0, 2, 0), VendorCount(0, 0, 2), VendorCount(1, 1, 0), None])
marks = st.one_of(
    st.builds(lambda day, session, code: Mark("1", day, NOW, session=session, code=code), days, st.sampled_from(["AM", "PM"]), codes),
    st.builds(lambda day, slot, code: Mark("1", day, NOW, slot=slot, code=code), days, st.integers(1, 5), codes),
    st.builds(lambda day, count: Mark("1", day, NOW, half_days=count), days, counts),
    st.builds(lambda day, count: Mark("1", day, NOW, half_days=count, carried=True), days, counts),
)


@given(st.lists(marks, max_size=60), st.sampled_from(CALENDARS), st.sampled_from(ENROLMENTS))
def test_a_glance_agrees_with_the_explained_term(sent: list[Mark], calendar: SchoolCalendar, enrolment: Enrolment | None) -> None:
    row = packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in sent])
    own = calendar.for_student(enrolment, TERM)
    explained = attendance(row, TERM, own, CODES, NOW)
    keeper = DayKeeper(CODES)
    glancer = Glancer(term=TERM, calendar=calendar, codes=CODES, keeper=keeper, now=NOW)
    column = keeper.all_days(row, TERM, own, own.ended_through(NOW))
    glance, causes = glancer.look(column, own), KeptDays(column).causes(CODES)
    assert (glance.absent, glance.attended, glance.rate) == (explained.absent, explained.attended, explained.rate)
    assert sum(half_days for _, half_days in causes) == explained.absent
    assert (causes, glance.mostly) == (explained.causes, explained.causes[0] if explained.causes else None)
    absent = {day.day: day.count.absent for day in explained.days}
    last = glancer.last_days
    assert len(last) == 10
    assert glance.movement.last == sum(absent.get(day, 0) for day in last)
    assert glance.movement.before == sum(absent.get(day, 0) for day in glancer.days_before)
    explained_halves = {day.day: day.halves for day in explained.days}
    for day, halves in zip(last, glance.halves, strict=True):
        assert [half.state for half in halves].count("absent") == absent.get(day, 0)
        assert halves == explained_halves.get(day, SHUT)


def test_runs_of_days_are_the_days() -> None:
    glancer = Glancer(term=TERM, calendar=PLAIN, codes=CODES, keeper=DayKeeper(CODES), now=NOW)
    # Tuesday the 17th is closed; the weekends are.
    assert [str(day) for day in glancer.last_days[:2]] == ["2026-11-06", "2026-11-09"]
    assert glancer.runs(glancer.last_days) == [(25, 1), (28, 5), (35, 1), (37, 3)]
