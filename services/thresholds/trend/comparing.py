"""A term beside the same term of the year before, and beside the target of the board's plan. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.thresholds.analysis.findings import Summary
from services.thresholds.plans.plan import Plan, YearTarget
from shared.attendance.calendar import Term

MOST_TERMS: Final = 8
"""Two years: each term has the same term of a year before beside it, and a request reads a bounded number of registers."""


@dataclass(frozen=True, slots=True)
class TrendTerm:
    """A term of the line. `points_from_target` and `points_in_a_year` are percentage points of the share of regular students: above the
    target, and above the same term of the year before; negative below, None where one of the two is not there or not to be shown."""

    term: Term
    summary: Summary
    target: YearTarget | None
    points_from_target: float | None
    points_in_a_year: float | None


def compared(summaries: Mapping[Term, Summary], plan: Plan | None) -> list[TrendTerm]:
    """The terms in their order, each with what stands beside it."""
    return [_beside(term, summary, summaries, plan) for term, summary in summaries.items()]


def newest(terms: Sequence[Term], begun: Term) -> Sequence[Term]:
    """The terms that have begun, up to and with `begun`, the oldest first: the newest of them."""
    return [term for term in terms if term.start <= begun.start][-MOST_TERMS:]


def _beside(term: Term, summary: Summary, summaries: Mapping[Term, Summary], plan: Plan | None) -> TrendTerm:
    target = plan.target_of(term.start.year) if plan else None
    before = next((found for other, found in summaries.items() if other.name == _year_before(term)), None)
    return TrendTerm(
        term,
        summary,
        target,
        _points(summary.regular_share, target.regular_percent / 100 if target else None),
        _points(summary.regular_share, before.regular_share if before else None),
    )


def _year_before(term: Term) -> str:
    """The name of the same term a year before: `2025-T4` for `2026-T4`."""
    year, dash, number = term.name.partition("-")
    return f"{int(year) - 1}{dash}{number}"


def _points(share: float | None, other: float | None) -> float | None:
    return None if share is None or other is None else round((share - other) * 100, 1)
