"""When a school's letters may go, on its own clock, and what becomes of one that is due. Every moment here was worked out by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.sending_window import Window, next_opening, parse_window
from services.notifier.letters.policy import (
    Decision,
    DueLetter,
    Hold,
    Never,
    NotNow,
    Now,
    OnHold,
    Policy,
    PolicyDefaults,
    cap_of,
    chosen,
    decide,
    due_at,
    held_until,
    in_time,
    is_over,
    may_have_left,
    with_defaults,
)
from shared.attendance.calendar import SchoolCalendar, Term

LABOUR_DAY = date(2026, 10, 26)
TEACHERS_ONLY = date(2026, 11, 6)
T3 = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25))
T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
T1 = Term("2027-T1", date(2027, 2, 1), date(2027, 4, 16))
CLOSED = frozenset({LABOUR_DAY, TEACHERS_ONLY})
SCHOOL = SchoolCalendar((T3, T4, T1), CLOSED)
CHATHAM = SchoolCalendar((T3, T4, T1), CLOSED, timezone="Pacific/Chatham")
LAST_YEAR_KNOWN = SchoolCalendar((T3, T4), CLOSED)

SCHOOL_DAYS = Window(school_days_only=True)
OFFICE_HOURS = Window(school_days_only=True, opens=time(8), until=time(17))
DAYTIME = Window(opens=time(8), until=time(17))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# New Zealand: 12 hours ahead of UTC in winter, 13 in summer, which begins on Sunday 27 September 2026 and ends on Sunday 5 April 2026.
# The Chathams are 45 minutes further ahead.
@pytest.mark.parametrize(
    ("window", "calendar", "now", "opening"),
    [
        pytest.param(None, SCHOOL, "2026-11-21T12:00", "2026-11-21T12:00", id="without a window at any time, at night and on Sundays"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-20T02:00", "2026-11-20T02:00", id="Friday at three in the afternoon"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-19T19:00", "2026-11-19T19:00", id="Friday at eight sharp"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-19T18:59:59", "2026-11-19T19:00", id="a second before eight"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-20T03:59:59", "2026-11-20T03:59:59", id="a second before five"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-20T04:00", "2026-11-22T19:00", id="Friday at five: Monday at eight"),
        pytest.param(DAYTIME, SCHOOL, "2026-11-20T04:00", "2026-11-20T19:00", id="the same on any day: Saturday at eight"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-10-23T05:00", "2026-10-26T19:00", id="over Labour Day: Tuesday at eight"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-11-05T21:00", "2026-11-08T19:00", id="on a day for teachers only: Monday"),
        pytest.param(OFFICE_HOURS, SCHOOL, "2026-12-18T04:00", "2027-01-31T19:00", id="the last afternoon: after the summer"),
        pytest.param(OFFICE_HOURS, LAST_YEAR_KNOWN, "2026-12-18T04:00", None, id="no school day is known any more"),
        pytest.param(DAYTIME, SCHOOL, "2026-09-26T06:00", "2026-09-26T19:00", id="the night on which summer time begins"),
        pytest.param(DAYTIME, SCHOOL, "2026-04-04T05:00", "2026-04-04T20:00", id="the night on which it ends"),
        pytest.param(
            Window(False, time(2, 15), time(2, 45)),
            SCHOOL,
            "2026-09-25T15:00",
            "2026-09-27T13:15",
            id="hours that the clocks jump over",
        ),
        pytest.param(OFFICE_HOURS, CHATHAM, "2026-11-20T03:14", "2026-11-20T03:14", id="Chatham, a minute before five"),
        pytest.param(OFFICE_HOURS, CHATHAM, "2026-11-20T03:15", "2026-11-22T18:15", id="Chatham at five: Monday at eight there"),
        pytest.param(
            Window(school_days_only=True), SCHOOL, "2026-11-20T10:59", "2026-11-20T10:59", id="school days: Friday before midnight"
        ),
        pytest.param(SCHOOL_DAYS, SCHOOL, "2026-11-20T11:00", "2026-11-22T11:00", id="school days: Saturday"),
    ],
)
def test_the_next_opening(window: Window | None, calendar: SchoolCalendar, now: str, opening: str | None) -> None:
    assert next_opening(window, calendar, utc(now)) == (utc(opening) if opening is not None else None)


@given(
    start=st.integers(0, 4 * 24 * 90),
    opens=st.integers(16, 60),
    length=st.integers(1, 30),
    days=st.sampled_from(["any", "school-days"]),
)
def test_the_next_opening_is_the_first_open_quarter_of_an_hour(start: int, opens: int, length: int, days: str) -> None:
    quarter = timedelta(minutes=15)
    until = min(opens + length, 95)
    window = Window(days == "school-days", time(opens // 4, opens % 4 * 15), time(until // 4, until % 4 * 15))
    now = utc("2026-09-14T00:00") + start * quarter

    def is_open(moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo("Pacific/Auckland"))
        day = local.date()
        in_term = T3.start <= day <= T3.end or T4.start <= day <= T4.end
        school = in_term and day.weekday() < 5 and day not in CLOSED
        return (window.days == "any" or school) and opens <= local.hour * 4 + local.minute // 15 < until

    moment = now
    while not is_open(moment):
        moment += quarter
        if moment > utc("2026-12-20T00:00"):
            return
    assert next_opening(window, SCHOOL, now) == moment


@pytest.mark.parametrize(
    ("holds", "now", "until"),
    [
        pytest.param([], "2026-11-20T02:00", None, id="nothing is held"),
        pytest.param([Hold(None, date(2026, 11, 25))], "2026-11-20T02:00", "2026-11-25T11:00", id="to the end of its last day"),
        pytest.param([Hold(None, date(2026, 11, 25))], "2026-11-25T10:59:59", "2026-11-25T11:00", id="on its last day"),
        pytest.param([Hold(None, date(2026, 11, 25))], "2026-11-25T11:00", None, id="over at midnight"),
        pytest.param([Hold(None)], "2026-11-20T02:00", "2026-12-18T11:00", id="without an end, to the end of the term"),
        pytest.param([Hold(10, date(2026, 11, 25))], "2026-11-20T02:00", "2026-11-25T11:00", id="of this threshold"),
        pytest.param([Hold(15), Hold(5)], "2026-11-20T02:00", None, id="of others"),
        pytest.param([Hold(10, date(2026, 11, 25)), Hold(None, date(2026, 11, 27))], "2026-11-20T02:00", "2026-11-27T11:00", id="longer"),
    ],
)
def test_how_long_a_letter_about_ten_days_is_held(holds: list[Hold], now: str, until: str | None) -> None:
    assert held_until(Policy(), holds, 10, T4, SCHOOL, utc(now)) == (utc(until) if until is not None else None)


def test_a_hold_without_an_end_outlasts_the_letters_of_its_term() -> None:
    lenient = Policy(after_term=timedelta(days=3))
    assert held_until(lenient, [Hold(None)], 10, T4, SCHOOL, utc("2026-12-20T00:00")) == utc("2026-12-21T11:00")


@pytest.mark.parametrize(
    ("after_term", "now", "over"),
    [
        (timedelta(0), "2026-12-18T10:59:59", False),
        (timedelta(0), "2026-12-18T11:00", True),
        (timedelta(days=3), "2026-12-21T10:59:59", False),
        (timedelta(days=3), "2026-12-21T11:00", True),
    ],
)
def test_a_term_is_over_at_midnight_after_its_last_day(after_term: timedelta, now: str, over: bool) -> None:
    assert is_over(Policy(after_term=after_term), T4, SCHOOL, utc(now)) is over


def test_a_term_that_the_calendar_does_not_know_is_not_over() -> None:
    assert not is_over(Policy(), None, SCHOOL, utc("2030-01-01T00:00"))


@pytest.mark.parametrize(("daily_cap", "students", "cap"), [(None, 0, 200), (None, 401, 200), (None, 1000, 500), (50, 900, 50), (0, 9, 0)])
def test_how_many_letters_may_go_in_a_day(daily_cap: int | None, students: int, cap: int) -> None:
    assert cap_of(Policy(daily_cap=daily_cap), students, least=200, share=0.5) == cap


FRIDAY = utc("2026-11-20T02:00")
EVENING = utc("2026-11-20T05:00")
FORTNIGHT = timedelta(days=14)
DUE = DueLetter(5, FRIDAY, False)


@pytest.mark.parametrize(
    ("policy", "due", "holds", "now", "expected"),
    [
        pytest.param(Policy(), DUE, [], EVENING, Now(), id="nothing was chosen: at once, in the evening too"),
        pytest.param(Policy(window=OFFICE_HOURS), DUE, [], FRIDAY, Now(), id="inside the window"),
        pytest.param(Policy(window=OFFICE_HOURS), DUE, [], EVENING, NotNow(utc("2026-11-22T19:00")), id="outside the window"),
        pytest.param(Policy(thresholds=(10, 15)), DUE, [], FRIDAY, Never("threshold-off"), id="no letter about five"),
        pytest.param(Policy(thresholds=(10, 15)), DueLetter(10, FRIDAY, False), [], FRIDAY, Now(), id="but about ten"),
        pytest.param(Policy(), DUE, [Hold(None)], FRIDAY, OnHold(utc("2026-12-18T11:00")), id="held by staff"),
        pytest.param(
            Policy(window=OFFICE_HOURS),
            DUE,
            [Hold(5)],
            EVENING,
            OnHold(utc("2026-12-18T11:00")),
            id="staff first",
        ),
        pytest.param(Policy(), DUE, [], utc("2026-12-19T00:00"), Never("term-over"), id="the term is over"),
        pytest.param(Policy(), DUE, [Hold(None)], utc("2026-12-19T00:00"), Never("term-over"), id="over, though held"),
        pytest.param(Policy(), DueLetter(5, FRIDAY - FORTNIGHT, True), [], FRIDAY, Now(), id="staff had it for two weeks"),
        pytest.param(
            Policy(),
            DueLetter(5, FRIDAY - FORTNIGHT - timedelta(seconds=1), True),
            [],
            FRIDAY,
            Never("too-late"),
            id="staff had it for longer",
        ),
        pytest.param(
            Policy(),
            DueLetter(5, FRIDAY - 2 * FORTNIGHT, False),
            [],
            FRIDAY,
            Now(),
            id="what waited for something else is told",
        ),
    ],
)
def test_what_becomes_of_a_letter_that_is_due(policy: Policy, due: DueLetter, holds: list[Hold], now: datetime, expected: Decision) -> None:
    assert decide(policy, due, T4, holds, SCHOOL, FORTNIGHT, now) == expected


def test_without_a_school_day_in_sight_the_calendar_is_asked_again_tomorrow() -> None:
    now = utc("2026-12-18T05:00")
    assert decide(Policy(window=OFFICE_HOURS), DueLetter(5, now, False), T4, [], LAST_YEAR_KNOWN, FORTNIGHT, now) == NotNow(
        utc("2026-12-19T05:00")
    )


def test_the_first_recipient_or_all() -> None:
    both = (Recipient("mere@example.test", ("Mere",)), Recipient("sam@example.test", ("Sam",)))
    assert chosen(Policy(), both) == both
    assert chosen(Policy(recipients="first"), both) == both[:1]
    assert chosen(Policy(recipients="first"), ()) == ()


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("any", Window()),
        ("school-days", Window(True)),
        ("school-days 08:00-18:00", Window(True, time(8), time(18))),
        ("any 09:30-20:00", Window(False, time(9, 30), time(20))),
    ],
)
def test_a_window_is_written_in_a_line(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "text", ["", "always", "weekdays 08:00-18:00", "school-days 8-18", "any 18:00-08:00", "any 08:00-24:00", "any 08:00-08:00"]
)
def test_a_line_that_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"window|hour"):
        parse_window(text)


@pytest.mark.parametrize("now", ["2026-11-20T10:59:59", "2026-11-20T11:00", "2026-11-21T03:00"])
def test_until_the_last_minute_is_any_hour(now: str) -> None:
    assert next_opening(Window(False, time(0), time(23, 59)), SCHOOL, utc(now)) == utc(now)


def test_out_of_the_box_letters_go_on_school_days_between_eight_and_six() -> None:
    policy = with_defaults(Policy(), PolicyDefaults())
    assert policy.window == Window(True, time(8), time(18))
    # Friday at a quarter past six in the evening, the Monday after at eight.
    assert decide(policy, DUE, T4, [], SCHOOL, FORTNIGHT, utc("2026-11-20T05:15")) == NotNow(utc("2026-11-22T19:00"))
    assert with_defaults(Policy(window=DAYTIME), PolicyDefaults()).window == DAYTIME


@pytest.mark.parametrize(
    ("term", "now", "over"),
    [
        ("2025-T4", "2026-01-12T00:00", True),
        ("2026-T4", "2026-12-31T10:00", False),
        ("2026-T4", "2026-12-31T11:00", True),
        ("2027-T1", "2026-12-31T11:00", False),
    ],
)
def test_a_term_that_no_calendar_knows_is_over_once_its_year_is(term: str, now: str, over: bool) -> None:
    due = DueLetter(5, utc(now), False, term)
    decision = decide(Policy(), due, None, [], SCHOOL, FORTNIGHT, utc(now))
    assert isinstance(decision, Never) is over
    assert is_over(Policy(), None, SCHOOL, utc(now), term) is over
    assert not is_over(Policy(after_term=timedelta(days=14)), None, SCHOOL, utc("2027-01-12T00:00"), "2026-T4")


@pytest.mark.parametrize(
    ("crossed", "due"),
    [
        # The last day of the term is Friday 18 December; the window closes at 17:00, which is 4:00 UTC.
        ("2026-12-17T01:00", "2026-12-17T03:00"),
        ("2026-12-18T01:00", "2026-12-18T03:00"),
        ("2026-12-18T02:30", "2026-12-18T03:55"),
        ("2026-12-18T03:58", "2026-12-18T03:58"),
        ("2026-12-18T07:00", "2026-12-18T09:00"),
        ("2026-12-18T09:30", "2026-12-18T10:55"),
    ],
)
def test_a_letter_does_not_wait_past_the_last_opening_of_its_term(crossed: str, due: str) -> None:
    assert due_at(Policy(window=OFFICE_HOURS), timedelta(hours=2), T4, SCHOOL, utc(crossed)) == utc(due)


def test_without_a_window_a_letter_is_due_on_the_last_day_of_its_term() -> None:
    assert due_at(Policy(window=Window()), timedelta(hours=4), T4, SCHOOL, utc("2026-12-18T08:00")) == utc("2026-12-18T10:55")
    assert due_at(Policy(window=Window()), timedelta(hours=4), None, SCHOOL, utc("2026-12-18T08:00")) == utc("2026-12-18T12:00")


def test_on_the_last_evening_of_a_term_a_letter_goes_at_once() -> None:
    policy, evening = Policy(window=OFFICE_HOURS), utc("2026-12-18T07:30")
    decision: Decision = decide(policy, DueLetter(5, evening, False, "2026-T4"), T4, [], SCHOOL, FORTNIGHT, evening)
    assert isinstance(decision, NotNow)
    assert in_time(decision, policy, T4, SCHOOL, evening) == Now()
    lenient = Policy(window=OFFICE_HOURS, after_term=timedelta(days=7))
    assert in_time(decision, lenient, T4, SCHOOL, evening) == NotNow(utc("2026-12-18T19:00"))
    early = utc("2026-11-20T07:30")
    assert in_time(NotNow(utc("2026-11-22T19:00")), policy, T4, SCHOOL, early) == NotNow(utc("2026-11-22T19:00"))


@pytest.mark.parametrize(
    ("window", "said_at", "restored_at", "may"),
    [
        pytest.param(Window(), "2026-11-20T01:00", "2026-11-20T02:00", True, id="its hour was over at that very moment"),
        pytest.param(Window(), "2026-11-20T01:01", "2026-11-20T02:00", False, id="its hour was not over"),
        pytest.param(Window(), None, "2026-11-20T02:00", True, id="nobody knows when it was said"),
        pytest.param(
            OFFICE_HOURS, "2026-11-20T03:59", "2026-11-22T18:00", False, id="due after five on Friday, restored on Monday at seven"
        ),
        pytest.param(OFFICE_HOURS, "2026-11-20T03:59", "2026-11-22T19:00", True, id="and restored on Monday at eight"),
        pytest.param(OFFICE_HOURS, "2026-11-20T02:30", "2026-11-22T18:00", True, id="due at half past four on Friday"),
    ],
)
def test_a_letter_may_have_left_if_it_was_due_while_a_window_was_open(
    window: Window, said_at: str | None, restored_at: str, may: bool
) -> None:
    said = None if said_at is None else utc(said_at)
    assert may_have_left(Policy(window=window), timedelta(hours=1), said, SCHOOL, utc(restored_at)) is may
