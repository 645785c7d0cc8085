"""`/console/{school}/records`: the list, and the same list as a file."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Query
from starlette.responses import Response

from services.console.asking.walking import pages
from services.console.frame.addresses import Address
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import RECORDS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.records.view import COLUMNS, cells, records_view
from shared.web.spreadsheet import Cell, csv_answer_of_pages

router = PageRouter()

SHOWN: Final = 100
AT_ONCE: Final = 500


class RecordFilters(ListFilters):
    """The filters and the order of the list. `status` by default: open records."""

    q: str | None = None
    status: Literal["open", "closed", "withdrawn", "all"] = "open"
    overdue: bool | None = None
    threshold: Literal["5", "10", "15"] | None = None
    year_level: int | None = None
    group: str | None = None
    crossed_from: date | None = None
    crossed_to: date | None = None
    sort: Literal["due_on", "crossed_on", "-crossed_on", "name"] = "due_on"


@router.get("/{school}/records", RECORDS.needs)
async def records(visit: VisitHere, filters: Annotated[RecordFilters, Query()]) -> Response:
    """The list."""
    asked = _asked(filters)
    if filters.format == "csv":
        return csv_answer_of_pages(f"records-{visit.school}.csv", COLUMNS, _rows(visit, asked))
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        records=visit.apis.thresholds.get(f"{path}/star-records", **asked, limit=SHOWN, cursor=filters.cursor),
    )
    address = Address(visit.address("records"), filters.chosen())
    view = records_view(parts["records"], visit.summary, address, filters.sort, goes_on=filters.cursor is not None)
    return visit.show("records/records.html", RECORDS, block="main", view=view, filters=filters, address=address)


def _asked(filters: RecordFilters) -> dict[str, object]:
    """The filters as the API takes them."""
    chosen: dict[str, object] = {"status": filters.status, "sort": filters.sort, **filters.chosen()}
    if filters.status == "all":
        chosen.pop("status")
    return chosen


async def _rows(visit: Visit, asked: dict[str, object]) -> AsyncIterator[Iterable[list[Cell]]]:
    async for items in pages(visit.apis.thresholds, f"/v1/schools/{visit.school}/star-records", **asked, limit=AT_ONCE):
        yield [cells(record) for record in items]
