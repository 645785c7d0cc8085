"""`/console/{school}/settings/activities` and `/due-days`: what staff can record, and by when the school wants to have answered."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.meanwhile import FormOfWhole, check_base
from services.console.frame.navigation import SETTINGS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.settings.slugs import slug_of
from services.console.pages.settings.tabs import address_of, tabs_of
from services.console.people.needs import SCHOOL_SETUP, STAR_ADMINS

router = PageRouter()

STANDARD: Final = {
    "absence-notification-sent": "Absence notification sent",
    "written-communication": "Written communication",
    "conversation-with-whanau": "Conversation with whānau",
    "conversation-with-student": "Conversation with student",
    "positive-reinforcement": "Positive reinforcement",
    "meeting-with-whanau": "Meeting with whānau",
    "barriers-identified": "Barriers identified",
    "individual-support-plan-developed": "Individual support plan developed",
    "support-plan-reviewed": "Support plan reviewed",
    "in-school-support": "In-school support",
    "external-agency-referral": "External agency referral",
    "attendance-service-referral": "Attendance Service referral",
    "ministry-escalation": "Ministry escalation",
    "no-action-reason-recorded": "No action, reason recorded",
}
"""The name that the Ministry is sent in place of the school's own words."""

FREE_ROWS: Final = 2
MOST_DAYS: Final = 100
MOST_TRIED: Final = 200

BY_DUE_DAY: Final = {
    "answered": "Answered in time",
    "late": "Answered late",
    "overdue": "Overdue",
    "waiting": "Waits for an answer",
    "closed": "Closed without a response",
    "no-day": "No due day",
}
"""The states of a record by its due day."""


class ActivityRow(Form):
    """An activity. A new one has no key yet: it comes from its words."""

    activity: str | None = None
    label: str = Field(title="The words", max_length=200)
    standard: str = Field(title="What the Ministry is sent")
    place: int = Field(title="The place", ge=1, le=200)
    thresholds: list[Literal["5", "10", "15"]] = Field(default=[])
    retired: bool = False


class ActivitiesForm(FormOfWhole):
    """The whole list."""

    items: list[ActivityRow] = Field(default=[], title="Activities")

    def body(self) -> list[dict[str, Any]]:
        """The list as the API takes it. Raises BadFormError for an activity that is offered nowhere."""
        keys = {row.activity for row in self.items if row.activity}
        sent = []
        for row in sorted(self.items, key=lambda row: row.place):
            if not row.thresholds:
                raise BadFormError([f"“{row.label}” needs a step at which it is offered. Retire it if it is not offered any more."])
            key = row.activity or slug_of(row.label, keys)
            keys.add(key)
            steps = [int(step) for step in row.thresholds]
            sent.append({"activity": key, "label": row.label, "standard": row.standard, "thresholds": steps, "retired": row.retired})
        return sent


class DueDaysForm(FormOfWhole):
    """School days after a step; none where the school sets no day."""

    at_5: int | None = Field(default=None, title="At 5 days", ge=1, le=MOST_DAYS)
    at_10: int | None = Field(default=None, title="At 10 days", ge=1, le=MOST_DAYS)
    at_15: int | None = Field(default=None, title="At 15 days", ge=1, le=MOST_DAYS)

    def body(self) -> dict[str, Any]:
        """The days as the API takes them."""
        return {"response_due_school_days": {"5": self.at_5, "10": self.at_10, "15": self.at_15}}


class WatchForm(FormOfWhole):
    """Runs of school days that the school wants to hear of; none where it does not."""

    absent_in_a_row: int | None = Field(default=None, title="Absent in a row", ge=1, le=MOST_DAYS)
    unexplained_in_a_row: int | None = Field(default=None, title="Without a reason in a row", ge=1, le=MOST_DAYS)
    back_after: int | None = Field(default=None, title="Back after", ge=1, le=MOST_DAYS)


@router.get("/{school}/settings/activities", SCHOOL_SETUP)
async def activities(visit: VisitHere) -> Response:
    """The school's list."""
    parts = await visit.ask(activities=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/activities"))
    return visit.show(
        "settings/activities.html",
        SETTINGS,
        title="Activities",
        tabs=tabs_of(visit, "activities"),
        activities=parts["activities"].map(lambda sent: sent["items"]),
        stored=parts["activities"],
        standard=STANDARD,
        may_change=visit.may(STAR_ADMINS),
        free_rows=range(FREE_ROWS),
    )


@router.post("/{school}/settings/activities", STAR_ADMINS)
async def change_activities(visit: VisitHere, body: Annotated[ActivitiesForm, form(ActivitiesForm)]) -> Response:
    """Keeps the list."""
    part = await _kept(visit, "activities", body.base, {"items": body.body()}, "activities")
    return _left(visit, part, "activities", "The list is kept.")


@router.get("/{school}/settings/due-days", SCHOOL_SETUP)
async def due_days(visit: VisitHere) -> Response:
    """School days after a step within which the school wants to have answered."""
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(settings=visit.apis.thresholds.get(f"{path}/star-settings"), watch=visit.apis.thresholds.get(f"{path}/watch"))
    return visit.show(
        "settings/due_days.html",
        SETTINGS,
        title="Due days",
        tabs=tabs_of(visit, "due-days"),
        days=parts["settings"].map(lambda sent: sent["response_due_school_days"]),
        watch=parts["watch"],
        stored=parts["settings"],
        may_change=visit.may(STAR_ADMINS),
        most=MOST_DAYS,
    )


@router.post("/{school}/settings/due-days", STAR_ADMINS)
async def change_due_days(visit: VisitHere, body: Annotated[DueDaysForm, form(DueDaysForm)]) -> Response:
    """Keeps them."""
    part = await _kept(visit, "star-settings", body.base, body.body(), "due-days")
    return _left(visit, part, "due-days", "The due days are kept. Those that were set by hand stay.")


@router.post("/{school}/settings/due-days/what-if", STAR_ADMINS)
async def try_due_days(visit: VisitHere, body: Annotated[DueDaysForm, form(DueDaysForm)]) -> Response:
    """Shows which records of the last four weeks these days would have made late; nothing is changed."""
    path = f"/v1/schools/{visit.school}/star-settings/what-if"
    parts = await visit.ask(tried=visit.apis.thresholds.send("POST", path, {**body.body(), "limit": MOST_TRIED}))
    return visit.show(
        "settings/due_days_tried.html",
        SETTINGS,
        title="What if: other due days",
        tabs=tabs_of(visit, "due-days"),
        tried=parts["tried"].map(lambda sent: {**sent, "sums": list(zip(sent["before"], sent["after"], strict=True))}),
        states=BY_DUE_DAY,
        chosen=body.model_dump(),
    )


@router.post("/{school}/settings/watch", STAR_ADMINS)
async def change_watch(visit: VisitHere, body: Annotated[WatchForm, form(WatchForm)]) -> Response:
    """Keeps the runs that the school watches for."""
    part = await _kept(visit, "watch", body.base, body.model_dump(exclude={"base"}), "due-days")
    return _left(visit, part, "due-days", "The runs of days are kept. They are on the list of what waits from now on.")


async def _kept(visit: Visit, name: str, base: str | None, sent: dict[str, Any], tab: str) -> Part[Any]:
    """Puts it in the place of what the form was filled from. Raises ChangedMeanwhileError."""
    path = f"/v1/schools/{visit.school}/{name}"
    stored = await visit.apis.thresholds.get(path)
    if not stored.came:
        return stored
    check_base(base, stored.data, sent, address_of(visit, tab))
    return await visit.apis.thresholds.send("PUT", path, sent)


def _left(visit: Visit, part: Part[Any], tab: str, done: str) -> Response:
    if part.failure is not None:
        raise BadFormError([f"That was not kept: {part.failure.detail or 'the service does not answer now'}."])
    return visit.leave(address_of(visit, tab), done)
