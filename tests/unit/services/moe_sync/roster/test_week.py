"""Windows, by hand: the switches of New Zealand's clocks, the turn of the year, the edges of terms."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.moe_sync.roster.week import Closing, Week, closes_at, next_in_term, next_to_close, opens_at, term_of
from shared.attendance.calendar import Term

AUCKLAND, CHATHAM = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Chatham")
FRIDAY = Closing.parse("friday 18:00")

T1 = Term("2026-T1", date(2026, 1, 26), date(2026, 4, 2))
T2 = Term("2026-T2", date(2026, 4, 20), date(2026, 7, 3))
T3 = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25))
T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
TERMS = [T1, T2, T3, T4]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("week", "zone", "opens", "closes"),
    [
        # Summer time, UTC+13.
        ("2026-W43", AUCKLAND, utc(2026, 10, 18, 11), utc(2026, 10, 23, 5)),
        # The week before the clocks go forward, on Sunday 27 September 2026 at 2:00: standard time, UTC+12, to its last minute.
        ("2026-W39", AUCKLAND, utc(2026, 9, 20, 12), utc(2026, 9, 25, 6)),
        # The week after it begins in summer time already.
        ("2026-W40", AUCKLAND, utc(2026, 9, 27, 11), utc(2026, 10, 2, 5)),
        # The clocks go back on Sunday 5 April 2026 at 3:00.
        ("2026-W14", AUCKLAND, utc(2026, 3, 29, 11), utc(2026, 4, 3, 5)),
        ("2026-W15", AUCKLAND, utc(2026, 4, 5, 12), utc(2026, 4, 10, 6)),
        # The Chathams are 45 minutes ahead, and switch at the same instant.
        ("2026-W39", CHATHAM, utc(2026, 9, 20, 11, 15), utc(2026, 9, 25, 5, 15)),
        ("2026-W40", CHATHAM, utc(2026, 9, 27, 10, 15), utc(2026, 10, 2, 4, 15)),
        ("2026-W14", CHATHAM, utc(2026, 3, 29, 10, 15), utc(2026, 4, 3, 4, 15)),
        ("2026-W15", CHATHAM, utc(2026, 4, 5, 11, 15), utc(2026, 4, 10, 5, 15)),
    ],
)
def test_a_window_keeps_the_schools_own_clock(week: str, zone: ZoneInfo, opens: datetime, closes: datetime) -> None:
    assert opens_at(Week.parse(week), zone) == opens
    assert closes_at(Week.parse(week), zone, FRIDAY) == closes


def test_a_window_can_close_after_the_clocks_have_changed_within_it() -> None:
    # Monday 21 September is in standard time; Sunday 27 September at 18:00 in summer time: 167 hours less 6.
    week, sunday = Week.parse("2026-W39"), Closing.parse("sunday 18:00")
    assert closes_at(week, AUCKLAND, sunday) == utc(2026, 9, 27, 5)
    assert (closes_at(week, AUCKLAND, sunday) - opens_at(week, AUCKLAND)).total_seconds() == 161 * 3600


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 10, 19), "2026-W43"),
        (date(2026, 10, 25), "2026-W43"),
        # 2026 has 53 weeks, and the last one reaches into January.
        (date(2026, 12, 28), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
        # The first week of 2026 began in December.
        (date(2025, 12, 29), "2026-W01"),
        (date(2024, 12, 30), "2025-W01"),
    ],
)
def test_a_days_week(day: date, week: str) -> None:
    assert str(Week.of(day)) == week
    assert Week.parse(week) == Week.of(day)


def test_weeks_follow_each_other_over_the_turn_of_the_year() -> None:
    assert str(Week.parse("2026-W52").following()) == "2026-W53"
    assert str(Week.parse("2026-W53").following()) == "2027-W01"
    assert str(Week.parse("2025-W52").following()) == "2026-W01"
    assert Week.parse("2026-W53") < Week.parse("2027-W01")


@pytest.mark.parametrize(
    "text", ["2026-W54", "2025-W53", "2026-W00", "2026-43", "2026-W4", "2026-w43", " 2026-W43", "2026-W43\n", "1999-W01", "٢٠٢٦-W43", ""]
)
def test_what_is_no_week(text: str) -> None:
    with pytest.raises(ValueError, match="week"):
        Week.parse(text)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (utc(2026, 10, 19, 0), "2026-W43"),
        # Friday 17:59:59 and 18:00 in Auckland.
        (utc(2026, 10, 23, 4, 59, 59), "2026-W43"),
        (utc(2026, 10, 23, 5), "2026-W44"),
        # Sunday 23:59 there is still its own week, whose window is closed.
        (utc(2026, 10, 25, 10, 59), "2026-W44"),
        (utc(2026, 10, 25, 11), "2026-W44"),
        # Sunday morning in London is Sunday night in Auckland; an hour later it is Monday there.
        (utc(2026, 12, 31, 12), "2026-W53"),
        (utc(2027, 1, 1, 5), "2027-W01"),
    ],
)
def test_the_next_window_to_close(moment: datetime, week: str) -> None:
    assert str(next_to_close(moment, AUCKLAND, FRIDAY)) == week


def weeks_of(term: Term) -> Iterator[Week]:
    """The weeks of a term, each the next one to close in it after the one before."""
    week = next_in_term(Week.of(term.start), [term])
    while week is not None:
        yield week
        week = next_in_term(week.following(), [term])


def test_the_weeks_of_a_term() -> None:
    # Term 1 ends on the Thursday before Easter.
    assert [str(week) for week in weeks_of(T1)] == [f"2026-W{number:02}" for number in range(5, 15)]
    assert [str(week) for week in weeks_of(T4)] == [f"2026-W{number:02}" for number in range(42, 52)]
    # From a Sunday on, the Monday after is the first day; a Saturday at the end adds nothing.
    assert [str(week) for week in weeks_of(Term("2026-T4", date(2026, 10, 11), date(2026, 10, 24)))] == ["2026-W42", "2026-W43"]
    assert list(weeks_of(Term("2026-T4", date(2026, 10, 10), date(2026, 10, 11)))) == []
    # Over the turn of the year.
    summer = Term("2026-T4", date(2026, 12, 23), date(2027, 1, 6))
    assert [str(week) for week in weeks_of(summer)] == ["2026-W52", "2026-W53", "2027-W01"]


@pytest.mark.parametrize(
    ("week", "term"),
    [
        ("2026-W14", T1),
        ("2026-W15", None),
        ("2026-W16", None),
        ("2026-W17", T2),
        ("2026-W41", None),
        ("2026-W42", T4),
        ("2026-W51", T4),
        ("2026-W52", None),
    ],
)
def test_the_term_of_a_week(week: str, term: Term | None) -> None:
    assert term_of(Week.parse(week), TERMS) == term


def test_a_week_shared_by_two_terms_belongs_to_the_one_that_begins() -> None:
    before, after = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 22)), Term("2026-T4", date(2026, 9, 23), date(2026, 12, 18))
    assert term_of(Week.parse("2026-W39"), [before, after]) == after


@pytest.mark.parametrize(
    ("week", "following"), [("2026-W43", "2026-W43"), ("2026-W40", "2026-W42"), ("2025-W50", "2026-W05"), ("2026-W52", None)]
)
def test_the_next_week_in_a_term(week: str, following: str | None) -> None:
    found = next_in_term(Week.parse(week), TERMS)
    assert (str(found) if found else None) == following


def test_no_terms_no_weeks() -> None:
    assert next_in_term(Week.parse("2026-W43"), []) is None
    assert term_of(Week.parse("2026-W43"), []) is None


def test_closings() -> None:
    assert Closing.parse("friday 18:00") == Closing(4, time(18))
    assert Closing.parse(" Thursday 07:30 ") == Closing(3, time(7, 30))
    for text in ("freitag 18:00", "friday", "friday 24:00", "friday 6pm", ""):
        with pytest.raises(ValueError, match=r"weekday|hour"):
            Closing.parse(text)
