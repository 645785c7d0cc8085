"""An operation that will go says so in its document, and in each answer."""

from datetime import date

import httpx
from fastapi import FastAPI

from shared.web.door import Router
from shared.web.openapi.document import complete
from shared.web.retiring import retiring


def an_app() -> tuple[FastAPI, Router]:
    router = Router(tags=["schools"])

    @router.get("/v1/old", summary="Old")
    @retiring(since=date(2027, 2, 1), until=date(2028, 2, 1), instead="use listThings")
    async def get_old() -> dict[str, str]:
        return {}

    @router.get("/v1/kept", summary="Kept")
    async def get_kept() -> dict[str, str]:
        return {}

    app = FastAPI()
    app.include_router(router)
    return app, router


async def test_each_answer_has_the_days() -> None:
    app, _ = an_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        old, kept = await client.get("/v1/old"), await client.get("/v1/kept")
    assert old.headers["deprecation"] == "@1801440000"
    assert old.headers["sunset"] == "Tue, 01 Feb 2028 00:00:00 GMT"
    assert old.headers["link"] == '</docs/reference/api-changes/>; rel="deprecation"; type="text/html"'
    assert "deprecation" not in kept.headers


def test_the_document_says_it() -> None:
    app, router = an_app()
    document = app.openapi()
    complete(document, "thresholds", [router])
    old = document["paths"]["/v1/old"]["get"]
    assert old["deprecated"] is True
    assert old["description"].endswith("Deprecated since 2027-02-01, gone after 2028-02-01: use listThings.")
    assert "deprecated" not in document["paths"]["/v1/kept"]["get"]
