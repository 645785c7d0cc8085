"""`/console/{school}/settings/codes`: the attendance codes in force, and what each counts as."""

from typing import Any, Final

from starlette.responses import Response

from services.console.frame.navigation import SETTINGS
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.tabs import tabs_of
from services.console.people.needs import SCHOOL_SETUP

router = PageRouter()

CLASS: Final = {"present": "Present", "justified": "Absent, justified", "unjustified": "Absent, unjustified", "excluded": "Not counted"}


@router.get("/{school}/settings/codes", SCHOOL_SETUP)
async def codes(visit: VisitHere, retired: bool = False) -> Response:
    """The codes that are valid today; with `retired`, those that were."""
    await visit.ask()
    on = None if retired else visit.about_school.today.isoformat()
    base = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        codes=visit.apis.thresholds.get("/v1/attendance-codes", on=on),
        stored=visit.apis.ingest.get(base),
    )
    chosen: dict[str, Any] = parts["stored"].data["code_classes"] if parts["stored"].data else {}
    return visit.show(
        "settings/codes.html",
        SETTINGS,
        title="Codes",
        tabs=tabs_of(visit, "codes"),
        codes=parts["codes"].map(lambda sent: sent["items"]),
        classes=CLASS,
        chosen=chosen,
        retired=retired,
    )
