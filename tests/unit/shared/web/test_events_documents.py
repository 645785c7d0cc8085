"""The events' documents, as every service serves them."""

import json
from html.parser import HTMLParser

import httpx
import pytest
from fastapi import FastAPI

from shared.events.catalogue import EVENTS, PARTNER_EVENTS
from shared.web.events_documents import events_documents_router
from shared.web.problems import install_problem_handlers
from shared.web.safe_answers import SafeAnswers


class Page(HTMLParser):
    """The parts that a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag in {"h1", "h2", "h3"}:
            self.levels.append(int(tag[1]))
        if values.get("href"):
            self.links.append(values["href"] or "")
        if values.get("id"):
            self.ids.append(values["id"] or "")
        if tag == "th":
            assert values.get("scope") in {"row", "col"}


@pytest.fixture
def http() -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(events_documents_router())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=SafeAnswers(app)), base_url="http://service.test")


async def test_the_document_and_the_schemas_as_json(http: httpx.AsyncClient) -> None:
    document = await http.get("/asyncapi.json")
    assert document.json()["asyncapi"] == "3.0.0"
    for event in EVENTS:
        schema = await http.get(f"/schemas/{event.name}.json")
        assert schema.headers["content-type"] == "application/schema+json"
        assert schema.json()["title"] == event.name
    unknown = await http.get("/schemas/nothing.json")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:nz-star:problem:unknown-event")


async def test_the_page_runs_and_fetches_nothing_and_every_link_leads_somewhere(http: httpx.AsyncClient) -> None:
    answer = await http.get("/asyncapi")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Page(answer.text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif link != "docs":
            assert (await http.get(f"/{link}")).status_code == 200


async def test_the_page_shows_each_partners_event_with_its_example(http: httpx.AsyncClient) -> None:
    page = (await http.get("/asyncapi")).text
    for event in PARTNER_EVENTS:
        assert f'id="{event.name}"' in page
    assert "caregivers" not in page.partition('id="internal"')[0]
    example = page.partition("<pre")[2].partition("<code>")[2].partition("</code>")[0].replace("&#34;", '"')
    assert json.loads(example)["data"]["absent_half_days"] == 10
