"""A plan as a PDF."""

from datetime import datetime
from typing import Final

from services.thresholds.pages.pdf import compile_pdf
from services.thresholds.plans.document import document
from services.thresholds.plans.plan import Edition, Plan, PlanState

TEMPLATE: Final = "plans/templates/plan.typ"


def plan_pdf(plan: Plan, edition: Edition, version: int, state: PlanState, at: datetime) -> bytes:
    """The PDF of a version; `at` is its date. Call it in a thread. Raises UnprintableError for text that the fonts can't show."""
    return compile_pdf(TEMPLATE, document(plan, edition, version, state).as_data(), at)
