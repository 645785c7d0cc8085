"""The form of a plan. Pure."""

from datetime import date
from typing import Any

from pydantic import Field

from services.console.frame.forms import Form
from services.console.frame.meanwhile import FormOfWhole
from services.console.pages.plan.sections import SECTIONS, STEP_TITLES

Texts = list[str]


class RoleRow(Form):
    """A role and its duty."""

    role: str
    duty: str


class BaselineRow(Form):
    """A figure from which the plan starts."""

    measure: str
    value: str


class TargetRow(Form):
    """The target of a year."""

    year: int
    regular_percent: float


class PlanForm(FormOfWhole):
    """A whole plan, as its page sends it: empty texts are left out."""

    objectives: Texts = Field(default=[])
    priorities: Texts = Field(default=[])
    patterns: Texts = Field(default=[])
    barriers: Texts = Field(default=[])
    measures: Texts = Field(default=[])
    achievement_links: Texts = Field(default=[])
    strategies_expectations: Texts = Field(default=[])
    strategies_5: Texts = Field(default=[])
    strategies_10: Texts = Field(default=[])
    strategies_15: Texts = Field(default=[])
    parents_expectations: Texts = Field(default=[])
    parents_5: Texts = Field(default=[])
    parents_10: Texts = Field(default=[])
    parents_15: Texts = Field(default=[])
    students_expectations: Texts = Field(default=[])
    students_5: Texts = Field(default=[])
    students_10: Texts = Field(default=[])
    students_15: Texts = Field(default=[])
    ministry_expectations: Texts = Field(default=[])
    ministry_5: Texts = Field(default=[])
    ministry_10: Texts = Field(default=[])
    ministry_15: Texts = Field(default=[])
    roles: list[RoleRow] = Field(default=[], title="Roles")
    baseline: list[BaselineRow] = Field(default=[], title="Where you start")
    targets: list[TargetRow] = Field(default=[], title="Targets")
    first_review_on: date | None = Field(default=None, title="First look at it")
    actions_expectations: Texts = Field(default=[])
    actions_5: Texts = Field(default=[])
    actions_10: Texts = Field(default=[])
    actions_15: Texts = Field(default=[])
    approved_on: date | None = Field(default=None, title="Approved on")
    approved_by: str | None = None
    effective_on: date | None = Field(default=None, title="In effect from")
    review_on: date | None = Field(default=None, title="Reviewed by")
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None

    def body(self) -> dict[str, Any]:
        """The plan as the API takes it."""
        body: dict[str, Any] = {"processes": {}, "monitoring": {}, "thresholds": {step: {} for step in STEP_TITLES}}
        for section in SECTIONS:
            place = body
            for key in section.path[:-1]:
                place = place[key]
            place[section.path[-1]] = getattr(self, section.name)
        for step in STEP_TITLES:
            body["thresholds"][step]["actions"] = getattr(self, f"actions_{step}")
        for name in ("approved_on", "effective_on", "first_review_on", "review_on"):
            day = getattr(self, name)
            body[name] = day.isoformat() if day else None
        for name in ("roles", "baseline", "targets"):
            body[name] = [row.model_dump() for row in getattr(self, name)]
        body["approved_by"] = self.approved_by
        contact = {"name": self.contact_name, "email": self.contact_email, "phone": self.contact_phone}
        body["contact"] = contact if self.contact_name else None
        return body


class PublishForm(Form):
    """The version to publish: the one that was shown."""

    version: int
