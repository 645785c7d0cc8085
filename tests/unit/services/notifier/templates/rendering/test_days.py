"""Days as a letter tells them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.templates.rendering.days import Run, day_in_words, run_in_words, runs, span_in_words
from shared.events.data import AbsentDay


def days(*entries: tuple[str, int]) -> list[AbsentDay]:
    return [AbsentDay(date.fromisoformat(day), half_days) for day, half_days in entries]


def said(*entries: tuple[str, int], language: str = "en") -> list[str]:
    return [run_in_words(run, language) for run in runs(days(*entries))]


def test_days_one_after_another_are_told_together() -> None:
    assert said(("2026-10-14", 2), ("2026-10-12", 2), ("2026-10-13", 2), ("2026-10-23", 1)) == [
        "Monday 12 to Wednesday 14 October (3 days)",
        "Friday 23 October (half a day)",
    ]


def test_a_half_day_among_whole_ones_is_told_by_itself() -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 1), ("2026-10-14", 2)) == [
        "Monday 12 October (1 day)",
        "Tuesday 13 October (half a day)",
        "Wednesday 14 October (1 day)",
    ]


def test_half_days_one_after_another() -> None:
    assert said(("2026-10-12", 1), ("2026-10-13", 1)) == ["Monday 12 to Tuesday 13 October (half a day each)"]


def test_a_weekend_parts_them() -> None:
    assert said(("2026-10-16", 2), ("2026-10-19", 2)) == ["Friday 16 October (1 day)", "Monday 19 October (1 day)"]


def test_two_months() -> None:
    assert said(("2026-11-30", 2), ("2026-12-01", 2)) == ["Monday 30 November to Tuesday 1 December (2 days)"]


def test_numbers_where_there_are_no_words() -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 2), ("2026-11-30", 1), ("2026-12-01", 1), language="sm") == [
        "12/10 – 13/10 (2)",
        "30/11 – 1/12 (1)",
    ]
    assert day_in_words(date(2026, 11, 20), "sm") == "20/11/2026"
    assert span_in_words(date(2026, 10, 12), date(2026, 12, 18), "sm") == "12/10 – 18/12/2026"
    assert span_in_words(date(2025, 12, 1), date(2026, 1, 3), "en") == "1 December 2025 to 3 January 2026"


@given(st.dictionaries(st.dates(date(2026, 10, 1), date(2026, 12, 31)), st.sampled_from([1, 2])))
def test_every_day_is_told_once_and_for_as_long(absent: dict[date, int]) -> None:
    found = runs([AbsentDay(day, half_days) for day, half_days in absent.items()])

    told = {}
    for run in found:
        for ordinal in range(run.first.toordinal(), run.last.toordinal() + 1):
            assert date.fromordinal(ordinal) not in told
            told[date.fromordinal(ordinal)] = run.half_days
    assert told == absent
    assert list(found) == sorted(found, key=lambda run: run.first)
    assert all(isinstance(run, Run) for run in found)
