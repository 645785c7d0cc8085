"""The stored school as a form: what the tabs that change it share."""

from typing import Any

from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.navigation import SETTINGS
from services.console.frame.visit import Visit
from services.console.pages.settings.tabs import TABS, tabs_of
from services.console.people.needs import SETTINGS_ADMINS


async def stored_school(visit: Visit) -> Part[Any]:
    """The school as it was sent last."""
    return (await visit.ask(stored=visit.apis.ingest.get(f"/v1/schools/{visit.school}")))["stored"]


async def show_stored(visit: Visit, template: str, tab: str, **view: Any) -> Response:
    """A tab about the stored school: a form for those who may change it, and words for the others."""
    stored = await stored_school(visit)
    shown = {"tabs": tabs_of(visit, tab), "stored": stored, "may_change": visit.may(SETTINGS_ADMINS)}
    return visit.show(template, SETTINGS, {**shown, **view}, title=TABS[tab][0])
