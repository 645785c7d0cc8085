"""A term that is over keeps all that it was counted by, whatever calendar comes after it."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.attendance.calendar import SchoolCalendar
from shared.events.calendars import calendar_of, fault_of
from shared.events.data import SchoolUpdated, TermDates, TimetableSlot
from shared.events.school_years import displaced, merged

T3, T4 = TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
T1, T2 = TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9)), TermDates("2027-T2", date(2027, 4, 27), date(2027, 7, 2))

OLD = SchoolUpdated(
    school="0999",
    name="Example School",
    terms=[T3, T4],
    closed_days=[date(2026, 11, 16)],
    half_days=[date(2026, 12, 18)],
    region="Wellington",
    slots=[TimetableSlot(1, "Morning", 150), TimetableSlot(2, "Afternoon", 150)],
    updated_at=datetime(2026, 7, 1, tzinfo=UTC),
)
NEW = SchoolUpdated(
    school="0999",
    name="Example School",
    terms=[T1, T2],
    closed_days=[date(2027, 3, 15)],
    region="Auckland",
    slots=[TimetableSlot(1, "Period 1", 60), TimetableSlot(2, "Period 2", 60)],
    blanks_are_truant=True,
    count_carried_absences=True,
    code_classes={"O": "justified"},
    updated_at=datetime(2027, 1, 11, tzinfo=UTC),
)


def days_of(term: TermDates) -> list[date]:
    return [term.start + timedelta(days=number) for number in range((term.end - term.start).days + 1)]


def counted_alike(term: TermDates, one: SchoolCalendar, other: SchoolCalendar) -> bool:
    """Whether each day of the term opens alike, and the same choices count."""
    of_one, of_other = one.term_named(term.term), other.term_named(term.term)
    return (
        of_one == of_other
        and one.choices_in(of_one) == other.choices_in(of_other)
        and all(one.opening(day) == other.opening(day) for day in days_of(term))
    )


def test_last_years_terms_stay_beside_a_calendar_with_this_years_only() -> None:
    both = merged(OLD, NEW)
    assert [term.term for term in both.terms] == ["2026-T3", "2026-T4", "2027-T1", "2027-T2"]
    assert both.closed_days == [date(2026, 11, 16), date(2027, 3, 15)]
    calendar = calendar_of(both)
    assert counted_alike(T3, calendar, calendar_of(OLD))
    assert counted_alike(T4, calendar, calendar_of(OLD))
    assert counted_alike(T1, calendar, calendar_of(NEW))
    assert [slot.name for slot in calendar.slots_on(date(2026, 11, 17))] == ["Morning", "Afternoon"]
    assert [slot.name for slot in calendar.slots_on(date(2027, 3, 16))] == ["Period 1", "Period 2"]


def test_terms_that_are_over_are_not_changed_by_a_calendar_that_names_them() -> None:
    again = replace(NEW, terms=[T3, replace(T4, end=date(2026, 12, 16)), T1, T2])
    both = merged(OLD, again)
    assert [term for term in both.terms if term.term == "2026-T4"] == [T4]
    assert counted_alike(T4, calendar_of(both), calendar_of(OLD))


def test_a_term_that_is_over_is_corrected_by_name() -> None:
    again = replace(NEW, terms=[T3, T4, T1, T2], closed_days=[date(2026, 11, 17)])
    both = merged(OLD, again, corrects=["2026-T4"])
    assert both.closed_days == [date(2026, 11, 17)]
    assert calendar_of(both).choices_in(calendar_of(both).term_named("2026-T4")).blanks_are_truant
    assert not calendar_of(both).choices_in(calendar_of(both).term_named("2026-T3")).blanks_are_truant
    # A service that keeps the calendar before takes the correction from the merged one.
    assert merged(OLD, both) == both


def test_holidays_of_a_term_that_is_over_are_those_of_its_region() -> None:
    before = replace(OLD, region="Marlborough")
    # The first Monday after Labour Day is Marlborough's anniversary: 2 November 2026.
    assert not calendar_of(before).open_half_days(date(2026, 11, 2))
    calendar = calendar_of(merged(before, NEW))
    assert not calendar.open_half_days(date(2026, 11, 2))
    assert calendar.holiday_names[date(2026, 11, 2)]
    assert calendar_of(merged(OLD, NEW)).open_half_days(date(2026, 11, 2)) == 2


def test_a_running_term_that_is_left_out_ends_today_and_keeps_its_days() -> None:
    early = replace(NEW, updated_at=datetime(2026, 12, 9, 22, tzinfo=UTC))  # The 10th of December at the school.
    both = merged(OLD, early)
    assert [term for term in both.terms if term.term == "2026-T4"] == [TermDates("2026-T4", T4.start, date(2026, 12, 10))]
    calendar = calendar_of(both)
    assert all(calendar.opening(day) == calendar_of(OLD).opening(day) for day in days_of(T4) if day <= date(2026, 12, 10))


def test_a_term_that_was_left_out_by_mistake_comes_back_whole() -> None:
    mistaken = merged(OLD, replace(NEW, updated_at=datetime(2026, 12, 9, 22, tzinfo=UTC)))
    mended = merged(mistaken, replace(OLD, terms=[T3, T4, T1, T2], updated_at=datetime(2026, 12, 14, tzinfo=UTC)))
    assert [term for term in mended.terms if term.term == "2026-T4"] == [T4]
    assert counted_alike(T4, calendar_of(mended), calendar_of(OLD))


def test_a_term_that_is_lengthened_after_its_end_is_not_over() -> None:
    longer = replace(OLD, terms=[T3, replace(T4, end=date(2026, 12, 22))], half_days=[], updated_at=datetime(2026, 12, 19, 3, tzinfo=UTC))
    both = merged(OLD, longer)
    assert both.terms[-1].end == date(2026, 12, 22)
    assert both.half_days == []


def test_the_term_that_runs_is_the_new_calendars() -> None:
    again = replace(OLD, half_days=[], blanks_are_truant=True, updated_at=datetime(2026, 11, 20, tzinfo=UTC))
    calendar = calendar_of(merged(OLD, again))
    assert calendar.choices_in(calendar.term_named("2026-T4")).blanks_are_truant
    assert not calendar.choices_in(calendar.term_named("2026-T3")).blanks_are_truant


def test_a_new_term_on_the_days_of_one_that_is_over_displaces_it() -> None:
    other = replace(NEW, terms=[TermDates("2026-T5", date(2026, 12, 1), date(2027, 2, 26))])
    assert displaced(OLD, other) == ["2026-T4"]
    assert fault_of(merged(OLD, other)) is None
    assert displaced(OLD, NEW) == []


def test_the_choices_of_terms_that_ended_together_are_told_once() -> None:
    both = merged(OLD, NEW)
    assert [past.terms for past in both.past_terms] == [["2026-T3", "2026-T4"]]
    next_year = merged(
        both, replace(NEW, terms=[TermDates("2028-T1", date(2028, 2, 1), date(2028, 4, 7))], updated_at=datetime(2028, 1, 10, tzinfo=UTC))
    )
    assert [past.terms for past in next_year.past_terms] == [["2026-T3", "2026-T4"], ["2027-T1", "2027-T2"]]


def test_services_ask_a_calendar_for_the_choices_of_a_term() -> None:
    """A school's own choices are those of the terms that are not over: whatever counts a day asks by its term."""
    undated = re.compile(r"calendar\.(blanks_are_truant|carried_absences_count|timetables)|with_classes\(")
    files = (Path(__file__).parents[4] / "services").rglob("*.py")
    assert [file.name for file in files if undated.search(file.read_text(encoding="utf-8"))] == []


YEAR = [
    TermDates(f"{year}-T{number}", date(year, *start), date(year, *end))
    for year in (2025, 2026, 2027)
    for number, start, end in ((1, (2, 2), (4, 2)), (2, (4, 20), (7, 3)), (3, (7, 20), (9, 25)), (4, (10, 12), (12, 18)))
]
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> SchoolUpdated:
    """A calendar as a system may send it: any of the terms, with any days and choices."""
    slots = draw(st.lists(st.integers(1, 4), max_size=4, unique=True))
    return SchoolUpdated(
        school="0999",
        name="Example School",
        terms=draw(st.lists(st.sampled_from(YEAR), unique=True, min_size=1)),
        closed_days=draw(st.lists(days, max_size=8)),
        half_days=draw(st.lists(days, max_size=8)),
        open_days=draw(st.lists(days, max_size=3)),
        region=draw(st.sampled_from([None, "Auckland", "Marlborough"])),
        slots=[TimetableSlot(number, f"Period {number}", 60) for number in slots],
        blanks_are_truant=draw(st.booleans()),
        count_carried_absences=draw(st.booleans()),
        code_classes=draw(st.sampled_from([{}, {"O": "justified"}])),
        updated_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[SchoolUpdated]:
    """Calendars in the order of their times."""
    hours = sorted(draw(st.lists(st.integers(0, 3 * 365 * 24), min_size=2, max_size=5, unique=True)))
    return [replace(draw(calendars()), updated_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=number)) for number in hours]


@settings(max_examples=40, deadline=None)
@given(histories())
def test_no_calendar_changes_a_term_that_is_over(history: list[SchoolUpdated]) -> None:
    known = merged(None, history[0])
    for sent in history[1:]:
        today = sent.updated_at.date() - timedelta(days=1)  # In New Zealand it is this day, or the next.
        after = merged(known, sent)
        assert fault_of(after) is None
        named = {term.term: term for term in sent.terms}
        before_calendar, after_calendar = calendar_of(known), calendar_of(after)
        for term in known.terms:
            if term.end < today and (term.term not in named or named[term.term].end < today):
                assert counted_alike(term, before_calendar, after_calendar)
        for term in sent.terms:
            if term.end > sent.updated_at.date() + timedelta(days=1):
                assert counted_alike(term, calendar_of(sent), after_calendar)
        # A service that has the calendar before, and one that has not, read the same from the merged one; and again.
        assert merged(known, after) == after
        assert merged(None, after) == after
        known = after
