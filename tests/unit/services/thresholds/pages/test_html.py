"""Pages: everything escaped, nothing that runs, and answers that caches understand."""

from html.parser import HTMLParser
from itertools import pairwise

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import Response

from services.thresholds.pages import html
from services.thresholds.plans.document import document
from services.thresholds.plans.for_families import ForFamilies, NextDate
from services.thresholds.plans.plan import STEPS, Approach, Contact, Edition, Monitoring, Plan, Processes

NASTY = "<script>alert(1)</script> <img src=x onerror=alert(2)> {{ 7 * 7 }} {% raw %} & \"quoted\" 'too'"

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """A page's tags in order, with their attributes; fails for a tag that is not closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, *names: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attributes) for tag, attributes in self.tags if tag in names]


def page(said: str) -> str:
    plan = Plan(
        objectives=[said, said],
        priorities=[f"{said}\n- {said}\n\n1. {said}"],
        processes=Processes(patterns=[said], barriers=[said]),
        monitoring=Monitoring(measures=[said], achievement_links=[said]),
        thresholds={step: Approach(strategies=[said], actions=[said]) for step in STEPS},
        approved_by=said,
        contact=Contact(name=said, email="office@example.test", phone="04 000 0000"),
    )
    shown = document(plan, Edition(school_name=said, labels={}), 1, "published")
    families = ForFamilies(phone=said, email=said, dates=(NextDate(said, said),))
    return html.render("plan.html", shown.as_data() | {"published_on": "20 November 2026", "pdf": "/plans/0999.pdf", "families": families})


def outline(said: str) -> Outline:
    read = Outline()
    read.feed(page(said))
    assert read.open == []
    return read


def test_whatever_a_plan_says_is_text() -> None:
    made = page(NASTY)
    for dangerous in ("<script", "<img", "49"):
        assert dangerous not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made
    assert [tag for tag, _ in outline(NASTY).tags] == [tag for tag, _ in outline("plain").tags]


def test_headings_come_in_order_and_landmarks_once() -> None:
    read = outline("Whānau")
    levels = [int(tag[1]) for tag, _ in read.of("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [tag for tag, _ in read.of("header", "main", "nav", "footer")] == ["header", "main", "nav", "footer"]
    assert read.of("html") == [("html", {"lang": "en-NZ"})]


def test_links_within_the_page_lead_somewhere() -> None:
    read = outline("Whānau")
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    inside = [str(attributes["href"])[1:] for _, attributes in read.of("a") if str(attributes["href"]).startswith("#")]
    assert len(inside) == 6
    assert set(inside) <= set(ids)
    assert {attributes.get("aria-labelledby") for _, attributes in read.of("section")} <= set(ids)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    read = outline("Whānau")
    assert read.of("script", "link", "img", "iframe", "form", "object") == []
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on") or name in {"style", "src"}]
    assert html.policy().startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in html.policy()


async def test_a_cache_that_has_it_is_told_so() -> None:
    app = FastAPI()

    @app.get("/")
    async def get(request: Request) -> Response:
        return html.public(request, b"content", "text/plain", {})

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first = await client.get("/")
        etag = first.headers["etag"]
        assert first.headers["cache-control"] == "public, max-age=300"
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = await client.get("/", headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert (await client.get("/", headers={"If-None-Match": '"other"'})).content == b"content"
