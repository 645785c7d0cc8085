"""The documentation as a site: every page is there, no other host is needed, the search finds, and nothing breaks the policy."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.routing import Mount

from deploy.docs_site.gathering import DOCS
from deploy.embedded.docs import docs_app
from deploy.openapi import documents
from tests.support.servers import serving

# The site is built here, which takes most of a minute on a machine of its own.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run([sys.executable, "-m", "deploy.docs_site", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
async def url(site: Path) -> AsyncIterator[str]:
    async with serving(Starlette(routes=[Mount("/docs", docs_app(site))])) as base_url:
        yield f"{base_url}/docs/"


def test_every_page_is_there(site: Path) -> None:
    missing = [
        str(page.relative_to(DOCS))
        for page in DOCS.rglob("*.md")
        if page.name != "README.md" and not (site / page.relative_to(DOCS).with_suffix(".html")).exists()
    ]
    assert missing == []
    for service, document in documents().items():
        text = (site / "reference" / "api" / f"{service}.html").read_text()
        assert all(path in text for path in document["paths"])


def test_a_site_of_the_same_sources_stays_and_is_dated_anew(site: Path) -> None:
    page, first = site / "how-to" / "post-marks.html", site / "index.html"
    for path in (page, first):
        os.utime(path, (0, 0))
    subprocess.run([sys.executable, "-m", "deploy.docs_site", str(site)], check=True)
    assert page.stat().st_mtime == 0
    assert first.stat().st_mtime > 0


def test_no_other_host_is_asked(site: Path) -> None:
    fetched = re.compile(r"""(?:src=|<link[^>]*href=|url\(|@import )["']?(https?:)?//""")
    assert [str(page) for page in site.rglob("*") if page.suffix in {".html", ".css"} and fetched.search(page.read_text())] == []


async def test_the_search_finds_and_nothing_breaks_the_policy(url: str, chromium: Browser) -> None:
    page = await chromium.new_page()
    faults: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(url)
    assert await page.locator("h1").first.inner_text() == "STAR engine"
    await page.goto(f"{url}search.html?q=timetable")
    await page.locator("#search-results li a", has_text="From marks to half days").first.click()
    assert page.url.startswith(f"{url}reference/day-rule.html")
    await page.goto(f"{url}search.html?q=marks")
    # Decisions have the word in their titles, too.
    await page.locator("#search-results li a", has_text="Post marks").first.wait_for()
    links = await page.locator("#search-results li > a").evaluate_all(
        "links => links.map((link) => link.getAttribute('href').split('/')[0])"
    )
    assert links[0] == "how-to" and "decisions" not in links[:5]
    assert faults == []
    assert {address for address in asked if not address.startswith((url, "data:"))} == set()
    await page.close()


async def test_an_address_where_nothing_is_leads_on(url: str, chromium: Browser) -> None:
    page = await chromium.new_page()
    answer = await page.goto(f"{url}how-to/nowhere.html")
    assert answer is not None and answer.status == 404
    await page.locator("input[name=q]").fill("webhook")
    await page.locator("button").click()
    await page.locator("#search-results li a", has_text="Subscribe to events").first.click()
    assert page.url.startswith(f"{url}how-to/subscribe-to-events.html")
    await page.close()


async def test_where_it_was_not_built_the_page_says_how(tmp_path: Path) -> None:
    async with serving(Starlette(routes=[Mount("/docs", docs_app(tmp_path))])) as base_url, httpx.AsyncClient() as http:
        answer = await http.get(f"{base_url}/docs/")
    assert answer.status_code == 404
    assert "make docs" in answer.text
