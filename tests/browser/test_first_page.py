"""The page that a newcomer opens first: it says what this is, leads on, and fits a phone."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from deploy.embedded.home import home_router
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_walk import violations
from tests.support.servers import serving

MOUNTS = ("/ingest", "/thresholds", "/notifier", "/moe-sync", "/sandbox")


@pytest.fixture(params=[True, False], ids=["with documents", "without"])
async def url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(home_router(MOUNTS, docs=request.param))
    async with serving(app) as url:
        yield url


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (PHONE, False), (PHONE, True)], ids=["desktop", "phone", "dark phone"])
async def test_it_is_whole_and_as_wide_as_the_window(chromium: Browser, url: str, viewport: dict[str, int], dark: bool) -> None:
    context = await chromium.new_context(viewport=viewport, color_scheme="dark" if dark else "light", java_script_enabled=True)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(url)
    assert await page.locator("main").count() == 1
    assert await page.locator("h1").all_inner_texts() == ["STAR engine"]
    assert "New Zealand's schools" in await page.locator("h1 + p").inner_text()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await violations(page) == []
    await context.close()


async def test_it_leads_newcomers_to_the_screens_first(chromium: Browser, url: str) -> None:
    page = await chromium.new_page()
    await page.goto(url)
    first = await page.locator("main a").evaluate_all("all => all.slice(0, 4).map(one => [one.textContent, one.pathname])")
    assert first == [
        ["The screens", "/console/"],
        ["The letters", "/sandbox/"],
        ["The Ministry's side", "/sandbox/ministry.html"],
        ["The demo school's plan", "/thresholds/plans/0999"],
    ]
    await page.close()


async def test_no_link_leads_to_documents_that_were_not_built(chromium: Browser) -> None:
    app = FastAPI()
    app.include_router(home_router(MOUNTS, docs=False))
    async with serving(app) as url:
        page = await chromium.new_page()
        await page.goto(url)
        assert await page.locator("a[href='/docs/']").count() == 0
        assert await page.get_by_text("make docs").count() == 1
        await page.close()
