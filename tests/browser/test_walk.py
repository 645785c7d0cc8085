"""Every page as every role, in a real browser: whole, within its width, and without a fault that axe knows."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from services.console.frame.navigation import PAGES
from tests.browser.conftest import Open
from tests.integration.console.screens import ROLES

BEYOND = ["/console/0999/students/20001", "/console/0999/students/20001?day=2026-10-19", "/console/0999/respond?student=20001"]
TABS = [f"/console/0999/students/20001?tab={tab}" for tab in ("records", "casework", "letters", "notes", "history", "looked")]
CASEWORK = [
    "/console/0999/students/12345?tab=casework",
    "/console/0999/students/20001/support-plan",
    "/console/0999/calling?student=12345&student=20001",
    "/console/0999/calling",
]
FAMILY = "/console/0999/students/12345?tab=letters"
OTHERS = [
    f"/console/0999/{path}"
    for path in (
        "good-news",
        "analysis/students?week=1",
        "analysis/patterns",
        "analysis/trend",
        "plan/edit",
        "plan/publish",
        "plan/versions",
        "plan/review",
        "letters/paper",
        "letters/what-if",
        "letters/templates/statement",
        "letters/templates/back-on-track",
    )
]
"""Pages that no navigation shows."""
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


async def violations(page: Page) -> list[Any]:
    result = await Axe().run(page, options=RULES)
    return [(found["id"], found["impact"], [node["html"][:200] for node in found["nodes"][:3]]) for found in result.response["violations"]]


async def looked_at(page: Page, path: str) -> None:
    answer = await page.goto(path)
    assert answer is not None
    assert answer.status == (404 if path.endswith("nowhere") else 200), path
    assert await page.locator("main").count() == 1, path
    assert await page.locator("h1").count() == 1, path
    assert await violations(page) == [], path
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, (path, wide)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_every_page_of_every_role_is_whole(open_as: Open, phone: bool) -> None:
    for role in ROLES:
        page = await open_as(role, phone=phone)
        own = list(await page.locator("nav[aria-label=Pages] a").evaluate_all("all => all.map(one => one.pathname)"))
        for path in own:
            await looked_at(page, path)


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, False), (False, True)], ids=["desktop", "phone", "dark"])
async def test_the_pages_behind_the_lists_are_whole(open_as: Open, phone: bool, dark: bool) -> None:
    page = await open_as("principal", phone=phone, dark=dark)
    for path in [
        *BEYOND,
        *TABS,
        *CASEWORK,
        *OTHERS,
        FAMILY,
        "/console/0999/nowhere",
        *(one.address("0999") for one in PAGES if one.of_school),
    ]:
        await looked_at(page, path)


async def test_twice_as_large_nothing_is_cut_off(open_as: Open) -> None:
    page = await open_as("principal")
    # A browser at 200 % has half the width, and at 400 % a quarter of it: WCAG's 320 pixels.
    for size, paths in ((640, [one.address("0999") for one in PAGES if one.of_school] + BEYOND), (320, [*BEYOND, *CASEWORK, *OTHERS])):
        await page.set_viewport_size({"width": size, "height": 400})
        for path in paths:
            await looked_at(page, path)


@pytest.mark.parametrize("width", [900, 1024])
async def test_lists_fit_windows_between_a_phone_and_a_desktop(open_as: Open, width: int) -> None:
    page = await open_as("principal")
    await page.set_viewport_size({"width": width, "height": 800})
    for path in ("today", "students", "records", "letters?group=sent", "ministry", "data-quality", "settings/audit"):
        await page.goto(f"/console/0999/{path}")
        wide = await page.evaluate("(main => main.scrollWidth - main.clientWidth)(document.querySelector('main'))")
        assert wide <= 0, (path, wide)
