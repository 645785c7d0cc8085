"""`/console/{school}/ministry`: the weeks, what was rejected, and what would go now; the weeks are a file too."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.console.asking.names import records_named
from services.console.asking.part import Part
from services.console.asking.walking import pages
from services.console.frame.addresses import Address
from services.console.frame.forms import Form, form
from services.console.frame.navigation import MINISTRY_PAGE
from services.console.frame.router import PageRouter
from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.ministry.view import COLUMNS, next_in_words, preview_items, rejected_items, weeks_of
from services.console.pages.ministry.words import WEEK, activity_labels, week_in_words, week_of
from services.console.people.needs import UPLOAD_RUNNERS
from shared.web.spreadsheet import Cell, csv_answer_of_pages

router = PageRouter()

SHOWN: Final = 20
AT_ONCE: Final = 100

TABS: Final = {"": "Weeks", "rejected": "Not taken", "preview": "What would go now", "choices": "How uploads go"}

WeekName = Annotated[str, Field(pattern=WEEK)]


class RunForm(Form):
    """The week to build and send now."""

    week: str = Field(title="The week", pattern=WEEK)


def tabs_of(visit: Visit, current: str) -> list[Tab]:
    """The tabs of the Ministry's pages."""
    return [
        Tab(title, None, visit.address(*(["ministry", name] if name else ["ministry"])), name == current) for name, title in TABS.items()
    ]


@router.get("/{school}/ministry", MINISTRY_PAGE.needs)
async def ministry(visit: VisitHere, cursor: str | None = None, format: Literal["csv"] | None = None) -> Response:
    """The weeks."""
    path, api = f"/v1/schools/{visit.school}", visit.apis.moe_sync
    if format == "csv":
        return csv_answer_of_pages(f"uploads-{visit.school}.csv", COLUMNS, _rows(visit))
    parts = await visit.ask(
        windows=api.get(f"{path}/upload-windows", limit=SHOWN, cursor=cursor),
        uploads=api.get(f"{path}/uploads", limit=AT_ONCE),
        settings=api.get(f"{path}/upload-settings"),
        rejected=api.get(f"{path}/upload-items", state="rejected", limit=AT_ONCE),
    )
    windows = parts["windows"]
    following = windows.data["next"] if windows.data else None
    return visit.show(
        "ministry/weeks.html",
        MINISTRY_PAGE,
        tabs=tabs_of(visit, ""),
        weeks=weeks_of(windows, parts["uploads"], first_page=cursor is None),
        uploads=parts["uploads"],
        settings=parts["settings"],
        next_close=next_in_words(parts["settings"], visit.zone),
        rejected=parts["rejected"].map(lambda sent: (len(sent["items"]), sent["next"] is not None)),
        more=Address(visit.address("ministry"), {}).having(cursor=following) if following else None,
    )


@router.get("/{school}/ministry/rejected", MINISTRY_PAGE.needs)
async def rejected(visit: VisitHere, cursor: str | None = None) -> Response:
    """The items that the Ministry did not take, with what to do."""
    asked = visit.apis.moe_sync.get(f"/v1/schools/{visit.school}/upload-items", state="rejected", limit=AT_ONCE, cursor=cursor)
    items = (await visit.ask(items=asked))["items"]
    records = await records_named(visit.apis.thresholds, visit.school, [one["record"] for one in _items(items)])
    following = items.data["next"] if items.data else None
    return visit.show(
        "ministry/rejected.html",
        MINISTRY_PAGE,
        title="Not taken by the Ministry",
        tabs=tabs_of(visit, "rejected"),
        items=items.map(lambda sent: rejected_items(sent["items"], records)),
        more=Address(visit.address("ministry", "rejected"), {}).having(cursor=following) if following else None,
    )


@router.get("/{school}/ministry/preview", MINISTRY_PAGE.needs)
async def preview(visit: VisitHere, week: Annotated[WeekName | None, Query()] = None) -> Response:
    """The upload that would go now."""
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        document=visit.apis.moe_sync.get(f"{path}/uploads/preview", week=week),
        activities=visit.apis.thresholds.get(f"{path}/activities"),
        settings=visit.apis.moe_sync.get(f"{path}/upload-settings"),
    )
    document = parts["document"]
    sent = document.data or {"records": [], "responses": []}
    wanted = [one["id"] for one in sent["records"]] + [one["record_id"] for one in sent["responses"]]
    records = await records_named(visit.apis.thresholds, visit.school, wanted)
    labels = activity_labels(parts["activities"].data)
    return visit.show(
        "ministry/preview.html",
        MINISTRY_PAGE,
        title="What would go now",
        tabs=tabs_of(visit, "preview"),
        document=document,
        items=document.map(lambda made: preview_items(made, records, labels)),
        weeks=[(name, week_in_words(name)) for name in _weeks(visit)],
        chosen=document.data["week"] if document.data else week or week_of(visit.about_school.today),
        settings=parts["settings"],
        may_run=visit.may(UPLOAD_RUNNERS),
    )


@router.post("/{school}/ministry/run", UPLOAD_RUNNERS)
async def run(visit: VisitHere, body: Annotated[RunForm, form(RunForm)]) -> Response:
    """Builds and sends a week now."""
    part = await visit.apis.moe_sync.send("POST", f"/v1/schools/{visit.school}/uploads", {"week": body.week})
    if part.data is None:
        return visit.leave(f"{visit.address('ministry', 'preview')}?week={body.week}", not_done(part))
    items = count(part.data["counts"]["records"] + part.data["counts"]["responses"], "item")
    made = f"Upload {part.data['number']} of the week {week_in_words(body.week)} is built: {items}."
    return visit.leave(visit.address("ministry", "uploads", part.data["id"]), made)


def not_done(part: Part[Any]) -> str:
    """A change that a service did not make, in words."""
    reason = part.failure.detail if part.failure is not None and part.failure.detail else "the service does not answer now"
    return f"That was not done: {reason}."


def _items(part: Part[Any]) -> list[dict[str, Any]]:
    return list(part.data["items"]) if part.data else []


def _weeks(visit: Visit) -> list[str]:
    """The weeks of the running term so far, newest first: what is late goes with its own week."""
    school = visit.about_school
    if school.term is None:
        return [week_of(school.today)]
    last = min(school.today, school.term.end)
    days = (school.term.start + timedelta(days=number) for number in range((last - school.term.start).days + 1))
    return sorted({week_of(day) for day in days}, reverse=True)


async def _rows(visit: Visit) -> AsyncIterator[Iterable[list[Cell]]]:
    windows: dict[str, dict[str, Any]] = {}
    async for items in pages(visit.apis.moe_sync, f"/v1/schools/{visit.school}/upload-windows", limit=AT_ONCE):
        windows |= {one["week"]: one for one in items}
    async for items in pages(visit.apis.moe_sync, f"/v1/schools/{visit.school}/uploads", limit=AT_ONCE):
        yield [_cells(one, windows.get(one["week"], {})) for one in items]


def _cells(one: dict[str, Any], window: dict[str, Any]) -> list[Cell]:
    counts = one["counts"]
    return [
        one["week"],
        window.get("due_at"),
        one["created_at"],
        one["sent_at"],
        one["number"],
        one["status"],
        counts["records"],
        counts["responses"],
        one["rejected"],
        one["receipt"],
    ]
