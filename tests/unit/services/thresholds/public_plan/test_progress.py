"""The progress against a plan's targets: a sentence, and how often it is measured."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.thresholds.plans.plan import Plan, YearTarget
from services.thresholds.public_plan import progress as rule
from services.thresholds.public_plan.progress import Share, ShareCache, progress
from shared.attendance.calendar import Term

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def plan(*years: int) -> Plan:
    return Plan(targets=[YearTarget(year=year, regular_percent=70 + year - 2026) for year in years])


def test_the_share_stands_beside_the_years_target() -> None:
    assert progress(plan(2026, 2027), (TERM, 0.6249)) == (
        "In Term 4 of 2026, 62% of our students attend regularly. The target for 2026 is 70%."
    )


def test_without_a_target_for_the_year_the_next_one_stands() -> None:
    assert progress(plan(2030, 2028), (TERM, 0.5)) == (
        "In Term 4 of 2026, 50% of our students attend regularly. The target for 2028 is 72%."
    )


@pytest.mark.parametrize(("years", "share"), [((2025,), 0.5), ((), 0.5), ((2026,), None)])
def test_there_is_no_sentence_without_a_target_to_come_or_a_share(years: tuple[int, ...], share: float | None) -> None:
    assert progress(plan(*years), (TERM, share)) is None


async def test_a_share_is_measured_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "MOST_SCHOOLS", 2)
    measured: list[float] = []

    async def measure() -> Share:
        measured.append(len(measured) / 10)
        return TERM, measured[-1]

    cache = ShareCache()
    assert (await cache.get("0999", NOW, measure))[1] == 0.0
    assert (await cache.get("0999", NOW + timedelta(minutes=15), measure))[1] == 0.0
    assert (await cache.get("0999", NOW + timedelta(minutes=15, seconds=1), measure))[1] == 0.1
    # Two more schools push it out.
    await cache.get("0001", NOW, measure)
    await cache.get("0002", NOW, measure)
    assert (await cache.get("0999", NOW + timedelta(minutes=15, seconds=1), measure))[1] == 0.4
