"""`/console/{school}/students`: the list, and the same list as a file."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.asking.walking import pages
from services.console.frame.addresses import Address
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import STUDENTS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.students.view import COLUMNS, cells, students_view, with_letters
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
    letters = await _letters(visit, parts["students"])
    address = Address(visit.address("students"), chosen)
    listed = with_letters(parts["students"], letters, visit.zone)
    view = students_view(listed, visit.summary, address, filters.sort, goes_on=filters.cursor is not None)
    return visit.show("students/students.html", STUDENTS, block="main", view=view, letters=letters, filters=filters, address=address)


async def _letters(visit: Visit, students: Part[Any]) -> Part[Any]:
    """The newest letters of those shown who reached a step: nobody else has one."""
    keys = [student["student"] for student in (students.data or {"items": []})["items"] if student["records"]]
    if not keys:
        return Part({"items": []})
    path = f"/v1/schools/{visit.school}/deliveries"
    return (await visit.ask(letters=visit.apis.notifier.get(path, student=keys, limit=AT_ONCE)))["letters"]


async def _rows(visit: Visit, chosen: dict[str, object]) -> AsyncIterator[Iterable[list[Cell]]]:
    async for items in pages(visit.apis.thresholds, f"/v1/schools/{visit.school}/students", **chosen, limit=AT_ONCE):
        yield [cells(student) for student in items]
