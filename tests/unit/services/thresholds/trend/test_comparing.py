"""Terms beside the year before and the plan's targets, by hand."""

from datetime import date

from services.thresholds.analysis.findings import Summary
from services.thresholds.plans.plan import Plan, YearTarget
from services.thresholds.trend.comparing import MOST_TERMS, compared, newest
from shared.attendance.calendar import Term


def term(name: str) -> Term:
    year, number = int(name[:4]), int(name[-1])
    return Term(name, date(year, 3 * number - 1, 1), date(year, 3 * number, 20))


OLD, BEFORE, NOW = term("2025-T4"), term("2026-T3"), term("2026-T4")
PLAN = Plan(targets=[YearTarget(year=2026, regular_percent=65), YearTarget(year=2027, regular_percent=70.5)])


def test_a_term_stands_beside_the_same_term_a_year_before() -> None:
    shares = {OLD: Summary(100, 0.1, 0.612), BEFORE: Summary(100, 0.1, 0.7), NOW: Summary(100, 0.1, 0.637)}
    old, before, now = compared(shares, PLAN)
    assert (old.points_in_a_year, before.points_in_a_year, now.points_in_a_year) == (None, None, 2.5)
    assert (before.points_from_target, now.points_from_target) == (5.0, -1.3)


def test_a_year_without_a_target_has_the_next_one() -> None:
    (old,) = compared({OLD: Summary(100, 0.1, 0.6)}, PLAN)
    assert old.target == YearTarget(year=2026, regular_percent=65)
    (behind,) = compared({term("2028-T1"): Summary(100, 0.1, 0.6)}, PLAN)
    (without,) = compared({NOW: Summary(100, 0.1, 0.6)}, None)
    assert behind.target is without.target is without.points_from_target is None


def test_what_is_hidden_gives_no_points() -> None:
    old, now = compared({OLD: Summary(None), NOW: Summary(30, 0.1, 0.6)}, PLAN)
    assert (old.points_from_target, now.points_in_a_year) == (None, None)


def test_the_newest_eight_of_the_terms_that_have_begun() -> None:
    terms = [term(f"{year}-T{number}") for year in (2023, 2024, 2025, 2026) for number in (1, 2, 3, 4)]
    shown = newest(terms, term("2026-T2"))
    assert (len(shown), shown[0].name, shown[-1].name) == (MOST_TERMS, "2024-T3", "2026-T2")
