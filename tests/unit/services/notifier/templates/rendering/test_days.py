"""Days as a letter tells them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.templates.rendering.days import Run, day_in_words, list_in, number_in, run_in_words, runs, span_in_words
from shared.events.data import AbsentDay


def days(*entries: tuple[str, int]) -> list[AbsentDay]:
    return [AbsentDay(date.fromisoformat(day), half_days) for day, half_days in entries]


def said(*entries: tuple[str, int], language: str = "en") -> list[str]:
    return [run_in_words(run, language) for run in runs(days(*entries))]


def test_days_one_after_another_are_told_together() -> None:
    assert said(("2026-10-14", 2), ("2026-10-12", 2), ("2026-10-13", 2), ("2026-10-23", 1)) == [
        "Mon 12 to Wed 14 Oct (3 days)",
        "Fri 23 Oct (half a day)",
    ]


def test_a_half_day_among_whole_ones_is_told_by_itself() -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 1), ("2026-10-14", 2)) == [
        "Mon 12 Oct (1 day)",
        "Tue 13 Oct (half a day)",
        "Wed 14 Oct (1 day)",
    ]


def test_half_days_one_after_another() -> None:
    assert said(("2026-10-12", 1), ("2026-10-13", 1)) == ["Mon 12 to Tue 13 Oct (half a day each)"]


def test_te_reo_maori_has_its_own_order_for_two_dates_as_for_one() -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 2), language="mi") == ["Man, 12 Oke – Tūr, 13 Oke (2)"]
    assert span_in_words(date(2026, 10, 12), date(2026, 12, 18), "mi") == "12 Oke – 18 Tīh 2026"
    assert span_in_words(date(2026, 10, 12), date(2027, 1, 18), "mi") == "12 Oke 2026 – 18 Hān 2027"


def test_a_weekend_parts_them() -> None:
    assert said(("2026-10-16", 2), ("2026-10-19", 2)) == ["Fri 16 Oct (1 day)", "Mon 19 Oct (1 day)"]


def test_two_months() -> None:
    assert said(("2026-11-30", 2), ("2026-12-01", 2)) == ["Mon 30 Nov to Tue 1 Dec (2 days)"]


def test_numbers_where_there_are_no_words() -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 2), ("2026-11-30", 1), ("2026-12-01", 1), language="sm") == [
        "12/10 – 13/10 (2)",
        "30/11 – 1/12 (1)",
    ]
    assert day_in_words(date(2026, 11, 20), "sm") == "20/11/2026"
    assert span_in_words(date(2026, 10, 12), date(2026, 12, 18), "sm") == "12/10 – 18/12/2026"
    assert span_in_words(date(2025, 12, 1), date(2026, 1, 3), "en") == "1 December 2025 to 3 January 2026"


@pytest.mark.parametrize(
    ("language", "run", "day", "names", "number"),
    [
        ("zh-Hant", "10月12日週一至14日週三 (3)", "2026年11月20日", "Mere、Sam和Hana", "5.5"),
        ("de", "Mo., 12. – Mi., 14. Okt. (3)", "20. November 2026", "Mere, Sam und Hana", "5,5"),
        ("hi", "सोम, 12 अक्टू॰ – बुध, 14 अक्टू॰ (3)", "20 नवंबर, 2026", "Mere, Sam और Hana", "5.5"),
        ("to", "Mōn 12 ʻOka – Pul 14 ʻOka (3)", "20 Nōvema 2026", "Mere mo Sam mo Hana", "5.5"),
    ],
)
def test_the_tables_forms(language: str, run: str, day: str, names: str, number: str) -> None:
    assert said(("2026-10-12", 2), ("2026-10-13", 2), ("2026-10-14", 2), language=language) == [run]
    assert day_in_words(date(2026, 11, 20), language) == day
    assert list_in(["Mere", "Sam", "Hana"], language) == names
    assert number_in(5.5, language) == number


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
