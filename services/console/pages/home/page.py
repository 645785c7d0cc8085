"""`/console/`: leads on to the page that a person begins with."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import RedirectResponse, Response

from services.console.asking.part import Part
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import BASE, first_page
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.home.view import schools_view
from services.console.people.needs import SIGNED_IN, STAFF

router = PageRouter()

SHOWN: Final = 50


class SchoolFilters(ListFilters):
    """The region."""

    region: str = ""


@router.get("/", SIGNED_IN)
async def home(visit: VisitHere, query: Annotated[SchoolFilters, Query()]) -> Response:
    """The only school's first page, or a choice."""
    person = visit.person
    if not person.is_staff:
        page = first_page(person.principal, None)
        return _to(page.address(None)) if page is not None else visit.show("home/nothing.html", None, title="Nothing here yet")
    if person.schools is not None and len(person.schools) == 1:
        return _to(f"{BASE}/{person.schools[0]}/")
    region, cursor = query.region or None, query.cursor or None
    parts = await visit.ask(schools=visit.apis.thresholds.get("/v1/summaries", region=region, cursor=cursor, limit=SHOWN))
    schools = parts["schools"]
    items = schools.otherwise({"items": []})["items"]
    if len(items) == 1 and region is None and cursor is None:
        return _to(f"{BASE}/{items[0]['school']}/")
    numbers = [one["school"] for one in items]
    beside: dict[str, Part[Any]] = {}
    if numbers:
        questions = {"letters": visit.apis.notifier.get("/v1/letters/summaries", school=numbers)}
        # Uploads are of a whole school.
        if visit.person.principal.part is None:
            questions["uploads"] = visit.apis.moe_sync.get("/v1/upload-summaries", school=numbers)
        beside = await visit.ask(**questions)
    view = schools.map(lambda page: schools_view(page, beside, query.region))
    return visit.show("home/schools.html", None, title="Your schools", schools=schools, view=view.data, parts=beside, region=query.region)


@router.get("/{school}/", STAFF)
async def school(visit: VisitHere) -> Response:
    """A school's first page."""
    page = first_page(visit.person.principal, visit.school)
    if page is None:
        raise NotThereError
    return _to(page.address(visit.school))


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
