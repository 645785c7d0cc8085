"""A dean's week, page by page: what a reader of the tutorial would click, and a picture of each page."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from deploy.console_links import link_address
from deploy.demo.school import NUMBER
from tests.pictures.paper import keep
from tests.support.chromium import chromium_options, chromium_path

DESKTOP: Final = {"width": 1200, "height": 760}
PHONE: Final = {"width": 375, "height": 720}
YEARS: Final = (10, 11, 12, 13, 9)
SCHOOL: Final = f"/console/{NUMBER}"


@dataclass(frozen=True, slots=True)
class Camera:
    """A browser that is signed in, and the folder that its pictures go to."""

    page: Page
    folder: Path

    async def take(self, name: str, path: str | None = None, *, from_heading: str | None = None) -> None:
        """A picture of the page at a path, or of the page as it is; from a heading on, where the top is known already."""
        if path is not None:
            await self.page.goto(f"{SCHOOL}{path}")
        if from_heading is not None:
            heading = self.page.get_by_role("heading", name=from_heading).first
            await heading.evaluate("element => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 90)")
        await self.page.wait_for_load_state("networkidle")
        keep(await self.page.screenshot(animations="disabled", caret="hide"), self.folder / f"{name}.png")
        print(f"took {name}", flush=True)


@dataclass(frozen=True, slots=True)
class Studio:
    """The demo school where it is served, and the browser to look at it with."""

    browser: Browser
    base_url: str
    data: Path
    folder: Path

    async def signed_in(self, year: int, *, phone: bool = False) -> Camera:
        """The camera of the dean of a year level."""
        viewport = PHONE if phone else DESKTOP
        context = await self.browser.new_context(viewport=viewport, base_url=self.base_url, color_scheme="light", locale="en-NZ")
        page = await context.new_page()
        await page.goto(link_address(self.data, "dean", [NUMBER], [f"year:{year}"], datetime.now(UTC)))
        return Camera(page, self.folder)


async def take(base_url: str, data: Path, folder: Path) -> None:
    """Takes all pictures of the demo school that is served there."""
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=chromium_options())
        studio = Studio(browser, base_url, data, folder)
        year, camera = await _dean_with_news(studio)
        await _week(camera)
        await (await studio.signed_in(year, phone=True)).take("phone", "/today")
        await browser.close()


async def _dean_with_news(studio: Studio) -> tuple[int, Camera]:
    """The dean of a year where somebody reached a step since the last school day; on a day without news, the last year's."""
    for year in YEARS:
        camera = await studio.signed_in(year)
        await camera.page.goto(f"{SCHOOL}/today")
        if not await camera.page.get_by_text("Nobody reached a step").count():
            break
    return year, camera


async def _week(camera: Camera) -> None:
    page = camera.page
    await camera.take("today", "/today")
    await camera.take("students", "/students?sort=-absent_days")
    student = await page.locator("tr[data-row] th a").first.get_attribute("href")
    assert student is not None
    await page.goto(student)
    await camera.take("student")
    await page.locator("table.calendar a[aria-label*='away']").last.click()
    await camera.take("why", from_heading="The term, day by day")
    await camera.take("letters", "/letters?group=sent")
    await page.locator("tr[data-row] th a").first.click()
    await camera.take("student-letters")
    await page.get_by_role("link", name="Read").first.click()
    await camera.take("letter")
    await camera.take("records", "/records")
    await page.goto(f"{SCHOOL}/today")
    await page.get_by_role("link", name="Respond").first.click()
    await camera.take("respond")
