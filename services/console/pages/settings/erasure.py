"""`/console/{school}/settings/erasure`: one student's personal data erased everywhere, after a look at whom it is about."""

from typing import Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response

from services.console.asking.names import students_named
from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.navigation import SETTINGS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.settings.people import SERVICES
from services.console.pages.settings.tabs import tabs_of
from services.console.people.needs import SETTINGS_ADMINS

router = PageRouter()

KINDS: Final = 40
"""Kinds of what was removed that a page names at most."""


class WhomForm(Form):
    """The student's number."""

    student: str = Field(title="The student's number", max_length=64)


class EraseForm(WhomForm):
    """The number, typed once more, and the reason."""

    again: str = Field(title="The number once more")
    why: str = Field(title="Why", min_length=3, max_length=500)


@router.get("/{school}/settings/erasure", SETTINGS_ADMINS)
async def erasure(visit: VisitHere) -> Response:
    """The question whom."""
    await visit.ask()
    return _page(visit, "whom")


@router.post("/{school}/settings/erasure", SETTINGS_ADMINS)
async def look(visit: VisitHere, body: Annotated[WhomForm, form(WhomForm)]) -> Response:
    """Shows whom it is about, and what goes and stays. Nothing is erased yet."""
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        records=visit.apis.thresholds.get(f"{path}/star-records", student=body.student, limit=100),
        deliveries=visit.apis.notifier.get(f"{path}/deliveries", student=body.student, limit=100),
        done=visit.apis.thresholds.get(f"{visit.student_path(body.student)}/erasure"),
    )
    names = await students_named(visit.apis.thresholds, visit.school, [body.student])
    return _page(visit, "look", student=body.student, known=names.get(body.student), parts=parts)


@router.post("/{school}/settings/erase", SETTINGS_ADMINS)
async def erase(visit: VisitHere, body: Annotated[EraseForm, form(EraseForm)]) -> Response:
    """Erases."""
    if body.again != body.student:
        raise BadFormError(["The two numbers are not the same. Nothing was erased."])
    path = f"{visit.student_path(body.student)}/erasure"
    part = await visit.apis.ingest.send("POST", path, {"why": body.why})
    if part.failure is not None:
        raise BadFormError([f"Nothing was erased: {part.failure.detail or 'the service does not answer now'}."])
    await visit.ask()
    return _page(visit, "begun", student=body.student)


@router.post("/{school}/settings/erasure/outcome", SETTINGS_ADMINS)
async def outcome(visit: VisitHere, body: Annotated[WhomForm, form(WhomForm)]) -> Response:
    """By service: what is removed so far, and what is kept."""
    path = f"{visit.student_path(body.student)}/erasure"
    parts = await visit.ask(**{api.name: api.get(path) for api in visit.apis.all()})
    if all(part.failure is not None and part.failure.why == "absent" for part in parts.values()):
        raise NotThereError
    return _page(visit, "outcome", student=body.student, parts=parts, counts=_counts, services=SERVICES)


def _page(visit: Visit, step: str, **view: Any) -> Response:
    shown: dict[str, Any] = {"step": step, "student": "", "known": None, "parts": {}, **view}
    return visit.show("settings/erasure.html", SETTINGS, shown, title="Erase a student", tabs=tabs_of(visit, "erasure"))


def _counts(part: Part[Any], which: str) -> str:
    """Counts by kind in words: "3 letters, 1 note"."""
    counted = part.data[which] if part.data else {}
    return (
        ", ".join(f"{number:,} {kind.replace('_', ' ').replace('-', ' ')}" for kind, number in list(counted.items())[:KINDS] if number)
        or "nothing"
    )
