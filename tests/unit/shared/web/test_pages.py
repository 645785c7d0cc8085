"""Lists in pages: what is left over leads on, and each page has a name of its own in the OpenAPI document."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel

from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.pages import Page, page_of
from shared.web.schemas import Body

AT = datetime(2026, 10, 19, 12, tzinfo=UTC)


class ThingOut(BaseModel):
    number: int


class ThingsQuery(Body):
    limit: PageLimit = 50


class WaitingThings(Page[ThingOut]):
    total: int


def shown(number: int) -> ThingOut:
    return ThingOut(number=number)


def an_app() -> FastAPI:
    app = FastAPI()

    @app.get("/things")
    async def list_things(limit: PageLimit = 50) -> Page[ThingOut]:
        return page_of(range(600), limit, lambda number: number).map(shown)

    @app.get("/asked")
    async def list_asked(query: Annotated[ThingsQuery, Query()]) -> Page[ThingOut]:
        return page_of(range(600), query.limit, lambda number: number).map(shown)

    @app.get("/waiting")
    async def list_waiting() -> WaitingThings:
        return WaitingThings(items=[shown(1)], total=1)

    return app


def a_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(an_app()), base_url="http://test")


@pytest.mark.parametrize(("rows", "items", "goes_on"), [(0, 0, False), (1, 1, False), (2, 2, False), (3, 2, True)])
def test_one_row_more_than_the_page_has_leads_on(rows: int, items: int, goes_on: bool) -> None:
    page = page_of(range(rows), 2, lambda row: row)
    assert page.items == list(range(items))
    assert (page.next is not None) == goes_on


def test_the_cursor_holds_where_the_last_item_of_the_page_stands() -> None:
    rows = [(AT, UUID(int=1)), (AT, UUID(int=2)), (AT, UUID(int=3))]
    assert read_cursor(page_of(rows, 2, lambda row: row).next, moment, UUID) == (AT, UUID(int=2))
    assert read_cursor(page_of(rows, 1, lambda row: row[1]).next, UUID) == UUID(int=1)


@pytest.mark.parametrize("path", ["/things", "/asked"])
async def test_a_wish_for_too_many_is_cut_and_one_for_none_refused(path: str) -> None:
    async with a_client() as client:
        answer = (await client.get(path, params={"limit": 10_000})).json()
        refused = await client.get(path, params={"limit": 0})
    assert [item["number"] for item in answer["items"]] == list(range(500))
    assert read_cursor(answer["next"], str) == "499"
    assert refused.status_code == 422


async def test_a_page_with_more_in_it_is_a_page() -> None:
    async with a_client() as client:
        assert (await client.get("/waiting")).json() == {"items": [{"number": 1}], "next": None, "total": 1}


def test_pages_have_readable_names_and_both_fields_in_the_document() -> None:
    document: dict[str, Any] = an_app().openapi()
    schemas = document["components"]["schemas"]
    assert {"ThingOut", "ThingPage", "WaitingThings"} <= set(schemas)
    assert schemas["ThingPage"]["required"] == ["items", "next"]
    assert not [name for name in schemas if "[" in name or "_" in name]
