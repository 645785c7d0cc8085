"""`/console/{school}/ministry/choices`: when weeks close, the way to the Ministry, national student numbers, and pauses."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import Form, form
from services.console.frame.meanwhile import FormOfWhole, check_base
from services.console.frame.navigation import MINISTRY_PAGE
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.ministry.page import not_done, tabs_of
from services.console.pages.ministry.view import next_in_words
from services.console.pages.ministry.words import ADAPTER
from services.console.people.needs import UPLOAD_ADMINS

router = PageRouter()

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class ChoicesForm(FormOfWhole):
    """The school's choices; a field left empty goes back to what the service does by itself."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = Field(default=None, title="The day")
    time: str | None = Field(default=None, title="The time", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    adapter: Literal["https", "sftp", "folder"] | None = Field(default=None, title="The way")
    nsn: bool = False

    def changes(self) -> dict[str, Any]:
        """As the API takes them."""
        return {"closes": f"{self.day} {self.time}" if self.day and self.time else None, "adapter": self.adapter, "nsn": self.nsn}


class PauseForm(Form):
    """The reason for a pause."""

    reason: str = Field(title="Why", max_length=500)


@router.get("/{school}/ministry/choices", MINISTRY_PAGE.needs)
async def choices(visit: VisitHere) -> Response:
    """The choices, in force and chosen."""
    path = f"/v1/schools/{visit.school}/upload-settings"
    parts = await visit.ask(settings=visit.apis.moe_sync.get(path), status=visit.apis.moe_sync.get("/v1/upload-status"))
    settings = parts["settings"]
    return visit.show(
        "ministry/choices.html",
        MINISTRY_PAGE,
        title="How uploads go",
        tabs=tabs_of(visit, "choices"),
        settings=settings,
        chosen=settings.map(chosen),
        next_close=next_in_words(settings, visit.zone),
        closes=(settings.data["closes"] or "").partition(" ") if settings.data else ("", "", ""),
        days=DAYS,
        adapters=[(name, words) for name, words in ADAPTER.items() if name in (parts["status"].data or {"adapters": ADAPTER})["adapters"]],
        ways=ADAPTER,
        may_choose=visit.may(UPLOAD_ADMINS),
    )


@router.post("/{school}/ministry/choices", UPLOAD_ADMINS)
async def choose(visit: VisitHere, body: Annotated[ChoicesForm, form(ChoicesForm)]) -> Response:
    """Makes them."""
    path = f"/v1/schools/{visit.school}/upload-settings"
    stored = await visit.apis.moe_sync.get(path)
    if stored.data is None:
        return _left(visit, stored, "")
    check_base(body.base, chosen(stored.data), body.changes(), visit.address("ministry", "choices"))
    part = await visit.apis.moe_sync.send("PATCH", path, body.changes())
    return _left(visit, part, "The choices are kept.")


@router.post("/{school}/ministry/pause", UPLOAD_ADMINS)
async def pause(visit: VisitHere, body: Annotated[PauseForm, form(PauseForm)]) -> Response:
    """Sends nothing for now."""
    part = await visit.apis.moe_sync.send("POST", f"/v1/schools/{visit.school}/uploads/pause", {"reason": body.reason})
    return _left(visit, part, "Uploads are paused.", undo=visit.address("ministry", "resume"))


@router.post("/{school}/ministry/resume", UPLOAD_ADMINS)
async def resume(visit: VisitHere) -> Response:
    """Sends again."""
    part = await visit.apis.moe_sync.send("POST", f"/v1/schools/{visit.school}/uploads/resume")
    return _left(visit, part, "Uploads go again.")


def chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The choices that the form makes, among the settings."""
    return {name: settings[name] for name in ("closes", "adapter", "nsn")}


def _left(visit: Visit, part: Part[Any], done: str, *, undo: str | None = None) -> Response:
    to = visit.address("ministry", "choices")
    return visit.leave(to, done, undo=undo) if part.came else visit.leave(to, not_done(part))
