"""`/console/{school}/students`: the list, and the same list as a file."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Final, Literal

from fastapi import Query
from starlette.responses import Response

from services.console.asking.walking import pages
from services.console.frame.addresses import Address
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import STUDENTS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.students.view import COLUMNS, cells, students_view
from shared.attendance.tiers import Tier
from shared.web.spreadsheet import Cell, csv_answer_of_pages

router = PageRouter()

SHOWN: Final = 100
AT_ONCE: Final = 500
"""Students of one question while a file is made."""


class StudentFilters(ListFilters):
    """The filters and the order of the list."""

    q: str | None = None
    tier: Tier | None = None
    year_level: int | None = None
    group: str | None = None
    mostly: str | None = None
    rising: bool | None = None
    unanswered: bool | None = None
    on_hold: bool | None = None
    near_days: float | None = None
    sort: Literal["name", "student", "absent_days", "-absent_days", "change", "-change"] = "name"


@router.get("/{school}/students", STUDENTS.needs)
async def students(visit: VisitHere, filters: Annotated[StudentFilters, Query()]) -> Response:
    """The list."""
    chosen = filters.chosen()
    if filters.format == "csv":
        return csv_answer_of_pages(f"students-{visit.school}.csv", COLUMNS, _rows(visit, chosen))
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        students=visit.apis.thresholds.get(f"{path}/students", **chosen, limit=SHOWN, cursor=filters.cursor),
    )
    address = Address(visit.address("students"), chosen)
    view = students_view(parts["students"], visit.summary, address, filters.sort, goes_on=filters.cursor is not None)
    return visit.show("students/students.html", STUDENTS, block="main", view=view, filters=filters, address=address)


async def _rows(visit: Visit, chosen: dict[str, object]) -> AsyncIterator[Iterable[list[Cell]]]:
    async for items in pages(visit.apis.thresholds, f"/v1/schools/{visit.school}/students", **chosen, limit=AT_ONCE):
        yield [cells(student) for student in items]
