"""The public page as a browser shows it: on a desk, on a phone, on paper."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.integration.thresholds.plans.board import Board, whole

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 640}

LONG = "https://example.test/" + "nowhereabreak" * 12


@pytest.fixture
async def address(board: Board) -> str:
    """The address of a published plan, one of its texts too long for any line."""
    published = await board.published(whole(objectives=["Be here.", f"See {LONG}"]))
    page: str = published["page"]
    return page


@asynccontextmanager
async def opened(chromium: Browser, address: str, size: dict[str, int]) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page in a window of its own, and what the browser complains of."""
    context = await chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    try:
        await page.goto(address)
        yield page, complaints
    finally:
        await context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_accessible_to_the_letter_of_wcag_and_good_practice(chromium: Browser, address: str, size: dict[str, int]) -> None:
    async with opened(chromium, address, size) as (page, _):
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        # Contrast was really looked at.
        passed = {rule["id"] for rule in found.response["passes"]}
        assert {"color-contrast", "heading-order", "html-has-lang", "landmark-one-main", "region", "bypass"} <= passed


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_nothing_runs_off_the_side_and_the_policy_lets_the_style_in(chromium: Browser, address: str, size: dict[str, int]) -> None:
    async with opened(chromium, address, size) as (page, complaints):
        widths = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1]
        assert await page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == "rgb(18, 60, 90)"
        assert complaints == []


async def test_by_keyboard_the_first_stop_leads_past_the_head(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, DESK) as (page, _):
        await page.keyboard.press("Tab")
        first = page.locator(":focus")
        assert await first.inner_text() == "Skip to the content"
        box = await first.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        await page.keyboard.press("Enter")
        assert page.url.endswith("#content")


async def test_links_of_the_contents_lead_to_their_headings(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, DESK) as (page, _):
        links = page.get_by_role("navigation", name="On this page").get_by_role("link")
        names = await links.all_inner_texts()
        assert names == [
            "What we want to achieve",
            "How we find out why students are away",
            "How we measure progress",
            "What we do at each step",
            "Questions",
        ]
        for name in names[:4]:
            await links.filter(has_text=name).click()
            assert await page.locator(":target").get_by_role("heading", level=2).inner_text() == name


async def test_on_paper_there_is_no_navigation(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, DESK) as (page, _):
        await page.emulate_media(media="print")
        assert not await page.get_by_role("navigation").is_visible()
        assert await page.get_by_role("heading", level=1).is_visible()
        assert (await page.pdf(format="A4")).startswith(b"%PDF-")
