"""A support plan as a page to sign."""

from datetime import date, datetime
from typing import Any, Final

from services.thresholds.pages.masthead import LANGUAGE, day_in_words
from services.thresholds.pages.pdf import compile_pdf
from services.thresholds.roster.repository.students import RosterStudent
from services.thresholds.support_plans.support_plan import KeptPlan, Side

TEMPLATE: Final = "support_plans/templates/support_plan.typ"

SIDES: Final[dict[Side, str]] = {"school": "School", "student": "Student", "family": "Family", "agency": "Agency"}
TITLES: Final = {"individual": "Support plan", "intensive": "Intensive support plan"}
STATES: Final = {
    "draft": "This is a draft: nobody has agreed to it yet.",
    "ended": "This plan has ended.",
}


def support_plan_pdf(plan: KeptPlan, version: int, school: str, person: RosterStudent | None, student: str, at: datetime) -> bytes:
    """The PDF; `at` is its date. Call it in a thread. Raises UnprintableError for text that the fonts can't show."""
    return compile_pdf(TEMPLATE, page_data(plan, version, school, person, student), at)


def page_data(plan: KeptPlan, version: int, school: str, person: RosterStudent | None, student: str) -> dict[str, Any]:
    """The words of the page."""
    name = person.name if person else f"Student {student}"
    form = [f"Year {person.year_level}"] if person and person.year_level is not None else []
    facts = [
        {"label": "Student", "value": ", ".join([name, *form])},
        {"label": "Agreed on", "value": _day(plan.agreed_on)},
        {"label": "Next review", "value": _day(plan.next_review)},
    ]
    return {
        "title": TITLES[plan.level],
        "school": school,
        "language": LANGUAGE,
        "version": version,
        "notice": STATES.get(plan.status),
        "facts": facts,
        "barriers": plan.barriers,
        "goals": [
            {"text": goal.text, "baseline": goal.baseline or "", "target": goal.target or "", "by": _day(goal.by)} for goal in plan.goals
        ],
        "actions": [
            {
                "text": action.text,
                "who": f"{SIDES[action.who]}: {action.owner}" if action.owner else SIDES[action.who],
                "by": _day(action.by),
                "done": _day(action.done_on),
            }
            for action in plan.actions
        ],
        "reviews": f"We look at this plan together every {plan.review_every_days} days.",
        "signatures": [
            *({"name": agreed.name, "role": agreed.role or ""} for agreed in plan.agreed_by),
            *([] if plan.agreed_by else ({"name": "", "role": role} for role in ("Student", "Family", "School"))),
        ],
    }


def _day(day: date | None) -> str:
    return "" if day is None else day_in_words(day)
