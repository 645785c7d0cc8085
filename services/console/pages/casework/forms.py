"""The forms of casework. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from services.console.frame.forms import Form, FormOnce
from services.console.frame.meanwhile import FormOfWhole

SIDES: Final = {"school": "School", "student": "Student", "family": "Family", "agency": "Agency"}


def local(day: date, at: time, zone: ZoneInfo) -> str:
    """A moment on the school's clock, as the API takes it."""
    return datetime.combine(day, at, zone).isoformat()


class ContactForm(FormOnce):
    """An attempt to reach a family: now, or at another time."""

    how: Literal["phone", "text", "email", "visit", "in-person", "letter"] = Field(default="phone", title="How")
    whom: str = Field(title="Whom", max_length=200)
    outcome: Literal["reached", "no-answer", "message-left", "declined"] = Field(title="The outcome")
    staff: str = Field(title="Who tried", max_length=200)
    note: str | None = Field(default=None, title="The note", max_length=2_000)
    day: date | None = Field(default=None, title="The day")
    clock: time | None = Field(default=None, title="The time")
    activity: str | None = None
    student: list[str] = Field(default=[])
    back: str = "students"

    def body(self, today: date, zone: ZoneInfo) -> dict[str, Any]:
        """The request. Without a day and a time it is now; a response is written only where somebody was reached."""
        reached = self.outcome in {"reached", "declined"}
        body = {
            "how": self.how,
            "with": self.whom,
            "outcome": self.outcome,
            "staff": self.staff,
            "note": self.note,
            "activity": self.activity if reached else None,
        }
        if self.day is None and self.clock is None:
            return body
        return body | {"at": local(self.day or today, self.clock or time(12), zone)}


class MeetingForm(FormOnce):
    """A meeting to plan."""

    day: date = Field(title="The day")
    clock: time = Field(title="The time")
    minutes: int = Field(default=60, title="How long", ge=5, le=600)
    place: str | None = Field(default=None, title="The place", max_length=200)
    people: str | None = Field(default=None, title="Who comes", max_length=4_000)
    agenda: str | None = Field(default=None, title="The agenda", max_length=4_000)
    staff: str | None = Field(default=None, title="Who leads it", max_length=200)
    assigned_to: str | None = Field(default=None, max_length=200)

    def body(self, zone: ZoneInfo) -> dict[str, Any]:
        """The request. A line of `people` is a name, with an e-mail address behind a comma where there is one."""
        return {
            "at": local(self.day, self.clock, zone),
            "minutes": self.minutes,
            "place": self.place,
            "people": [_person(line) for line in (self.people or "").splitlines() if line.strip()],
            "agenda": self.agenda,
            "staff": self.staff,
            "assigned_to": self.assigned_to,
        }


class SettledForm(Form):
    """A meeting that was held, missed, or is called off; or a new time for it."""

    status: Literal["held", "missed", "cancelled", "planned"] = Field(title="What happened")
    outcome: str | None = Field(default=None, title="What was agreed", max_length=4_000)
    day: date | None = Field(default=None, title="The new day")
    clock: time | None = Field(default=None, title="The new time")

    def body(self, zone: ZoneInfo) -> dict[str, Any]:
        """The change: `planned` moves the meeting."""
        body: dict[str, Any] = {"status": self.status}
        if self.outcome is not None:
            body["outcome"] = self.outcome
        if self.status == "planned" and self.day is not None and self.clock is not None:
            body["at"] = local(self.day, self.clock, zone)
        return body


class GoalRow(Form):
    """A row of the plan's goals."""

    text: str = Field(title="The goal", max_length=500)
    baseline: str | None = Field(default=None, max_length=500)
    target: str | None = Field(default=None, max_length=500)
    by: date | None = Field(default=None, title="By")


class ActionRow(Form):
    """A row of the plan's actions."""

    text: str = Field(title="The action", max_length=500)
    who: Literal["school", "student", "family", "agency"] = Field(title="Who")
    owner: str | None = Field(default=None, max_length=200)
    assigned_to: str | None = Field(default=None, max_length=200)
    by: date | None = Field(default=None, title="By")
    done_on: date | None = Field(default=None, title="Done")


class SupportPlanForm(FormOnce, FormOfWhole):
    """A support plan: a new one, or a change of the one with this id."""

    plan: UUID | None = None
    level: Literal["individual", "intensive"] = "individual"
    barriers: str | None = Field(default=None, max_length=10_000)
    goals: list[GoalRow] = Field(default=[], title="Goals")
    actions: list[ActionRow] = Field(default=[], title="Actions")
    review_every_days: int = Field(default=14, title="Days between reviews", ge=1, le=365)
    next_review: date | None = Field(default=None, title="Next review")
    status: Literal["draft", "agreed", "ended"] = "draft"
    agreed_by: str | None = Field(default=None, max_length=4_000)
    assigned_to: str | None = Field(default=None, max_length=200)

    def body(self) -> dict[str, Any]:
        """The request."""
        sent = self.model_dump(mode="json", exclude={"once", "base", "plan", "barriers", "agreed_by"})
        names = [{"name": name, "role": role} for name, role in map(_with_role, _lines(self.agreed_by))]
        return sent | {"barriers": _lines(self.barriers), "agreed_by": names}

    @staticmethod
    def part_of(plan: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a plan that the form fills: others change with every mark."""
        own = SupportPlanForm.model_fields.keys() - {"once", "base", "plan"}
        return {name: plan[name] for name in own}

    def chosen(self) -> dict[str, Any]:
        """The fields as the plan is to have them: a day of review that is left empty is found by the service."""
        return {name: value for name, value in self.body().items() if name != "next_review" or value is not None}


class ReplyForm(Form):
    """Whether a person has seen to a family's reply."""

    status: Literal["settled", "waiting"]


class ReviewForm(FormOnce):
    """A review of a support plan."""

    on: date = Field(title="The day")
    staff: str = Field(title="Who reviewed it", max_length=200)
    took_part: Literal["yes", "no"] | None = None
    note: str | None = Field(default=None, title="The note", max_length=2_000)

    def body(self) -> dict[str, Any]:
        """The request."""
        took_part = None if self.took_part is None else self.took_part == "yes"
        return {"on": self.on.isoformat(), "staff": self.staff, "note": self.note, "took_part": took_part}


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _with_role(line: str) -> tuple[str, str | None]:
    name, _, role = line.partition(",")
    return name.strip(), role.strip() or None


def _person(line: str) -> dict[str, str | None]:
    parts = [part.strip() for part in line.split(",")]
    email = next((part for part in parts[1:] if "@" in part), None)
    role = next((part for part in parts[1:] if part and part != email), None)
    return {"name": parts[0] or line.strip(), "email": email, "role": role}
