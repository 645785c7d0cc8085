"""`/console/{school}/settings/kamar`: the credentials that the school types into KAMAR, and what of its pushes waits for a decision."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.console.asking.names import students_named
from services.console.asking.part import Part
from services.console.frame.forms import Form, FormOnce, form
from services.console.frame.navigation import SETTINGS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.settings.changes import effect_sentences
from services.console.pages.settings.tabs import address_of, tabs_of
from services.console.people.needs import SCHOOL_SETUP, SETTINGS_ADMINS

router = PageRouter()

NAMED: Final = 100
"""Students of a held change who are named; the rest are counted."""

STATE: Final = {
    "held": "Waits",
    "released": "Made",
    "discarded": "Left unmade",
    "superseded": "A newer push says something else",
}


class RevokeForm(Form):
    """The credential that ends."""

    username: str


class DiscardForm(Form):
    """The reason why a change is left unmade."""

    why: str = Field(title="Why", min_length=3, max_length=500)


@router.get("/{school}/settings/kamar", SCHOOL_SETUP)
async def kamar(visit: VisitHere) -> Response:
    """Held changes, and for those who may have them, credentials."""
    base, ingest = f"/v1/schools/{visit.school}", visit.apis.ingest
    questions = {"held": ingest.get(f"{base}/held-changes", limit=20), "documents": ingest.get(f"{base}/kamar-documents", limit=1)}
    if visit.may(SETTINGS_ADMINS):
        questions["credentials"] = ingest.get(f"{base}/kamar-credentials")
    parts = await visit.ask(**questions)
    held = parts["held"]
    waiting = [one for one in held.data["items"] if one["state"] == "held"] if held.data else []
    students = {student for one in waiting for student in [*one["students_off"], *one["students_redated"]][:NAMED]}
    names = await students_named(visit.apis.thresholds, visit.school, students)
    return visit.show(
        "settings/kamar.html",
        SETTINGS,
        title="KAMAR",
        tabs=tabs_of(visit, "kamar"),
        held=held,
        waiting=[(one, effect_sentences(one["effect"])) for one in waiting],
        settled=[one for one in held.data["items"] if one["state"] != "held"] if held.data else [],
        states=STATE,
        names=names,
        most=NAMED,
        credentials=parts.get("credentials"),
        documents=parts["documents"],
        may_change=visit.may(SETTINGS_ADMINS),
    )


@router.post("/{school}/settings/kamar/credentials", SETTINGS_ADMINS)
async def issue(visit: VisitHere, body: Annotated[FormOnce, form(FormOnce)]) -> Response:
    """A new credential, with its password, on a page that is shown this once."""
    path = f"/v1/schools/{visit.school}/kamar-credentials"
    parts = await visit.ask(new=visit.apis.ingest.send("POST", path, once=body.once))
    return visit.show(
        "settings/credential.html", SETTINGS, title="A new credential for KAMAR", new=parts["new"], back=address_of(visit, "kamar")
    )


@router.post("/{school}/settings/kamar/revoke", SETTINGS_ADMINS)
async def revoke(visit: VisitHere, body: Annotated[RevokeForm, form(RevokeForm)]) -> Response:
    """Ends a credential at once."""
    path = f"/v1/schools/{visit.school}/kamar-credentials/{body.username}"
    return _left(visit, await visit.apis.ingest.send("DELETE", path), "The credential has ended.")


@router.post("/{school}/settings/kamar/{change}/release", SETTINGS_ADMINS)
async def release(visit: VisitHere, change: UUID) -> Response:
    """Makes a held change."""
    path = f"/v1/schools/{visit.school}/held-changes/{change}/release"
    return _left(visit, await visit.apis.ingest.send("POST", path), "The change is made.")


@router.post("/{school}/settings/kamar/{change}/discard", SETTINGS_ADMINS)
async def discard(visit: VisitHere, change: UUID, body: Annotated[DiscardForm, form(DiscardForm)]) -> Response:
    """Leaves it unmade."""
    path = f"/v1/schools/{visit.school}/held-changes/{change}/discard"
    return _left(visit, await visit.apis.ingest.send("POST", path, {"why": body.why}), "The change is left unmade. Correct it in KAMAR.")


SO_ALREADY: Final = {
    "change-settled": "Somebody has decided about this change already: who, and how, stands under Decided.",
    "unknown-credential": "There is no such credential any more: KAMAR can't push with it.",
}
"""The state of things, where a form comes once more or somebody else was quicker."""


def _left(visit: Visit, part: Part[Any], done: str) -> Response:
    failure = part.failure
    if failure is None:
        return visit.leave(address_of(visit, "kamar"), done)
    said = SO_ALREADY.get(failure.kind) or f"That was not done: {failure.detail or 'the service does not answer now'}."
    return visit.leave(address_of(visit, "kamar"), said)
