"""Every page as every role, in a real browser: whole, within its width, and without a fault that axe knows."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from services.console.frame.navigation import PAGES
from tests.browser import walked
from tests.browser.conftest import Open
from tests.integration.apis.world import OWN, World
from tests.integration.console.screens import ROLES

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}

SHOWN = [one.address("0999") for one in PAGES if one.of_school]
ALL = [
    *SHOWN,
    *walked.BEHIND_LISTS,
    *walked.OF_ONE_THING,
    *(path for tabs in walked.TABS.values() for path in tabs),
]

DEAD_BUTTONS = """[...document.querySelectorAll("button")]
  .filter(one => !one.form && getComputedStyle(one).display !== "none" && !one.closest("dialog")).map(one => one.outerHTML.slice(0, 120))"""


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
    for path in [*walked.BEHIND_LISTS, "/console/0999/nowhere", *SHOWN]:
        await looked_at(page, path)


async def test_twice_as_large_nothing_is_cut_off(open_as: Open) -> None:
    page = await open_as("principal")
    # A browser at 200 % has half the width, and at 400 % a quarter of it: WCAG's 320 pixels.
    for size, paths in ((640, [*SHOWN, *walked.BEYOND]), (320, [*walked.BEYOND, *walked.CASEWORK, *walked.OTHERS])):
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


async def test_axe_looks_for_small_targets(chromium: Browser) -> None:
    page = await chromium.new_page()
    button = '<button style="width: 10px; height: 10px; padding: 0; border: 0" aria-label="{}"></button>'
    frame = '<!doctype html><html lang="en"><title>Small</title><main><h1>Small</h1>{}</main></html>'
    await page.set_content(frame.format(button.format("one") + button.format("two")))
    assert [found[0] for found in await violations(page)] == ["target-size"]
    await page.set_content(frame.format(button.format("one").replace("10px", "24px")))
    assert await violations(page) == []
    await page.close()


async def test_every_page_works_without_scripts(open_as: Open, world: World) -> None:
    page = await open_as("principal", scripts=False)
    for path in [path.format(**world.ids[OWN]) for path in ALL]:
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        # A button that only a script makes work is not shown.
        assert await page.evaluate(DEAD_BUTTONS) == [], path
