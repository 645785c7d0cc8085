"""A browser before the console, with three students at one school."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.integration.apis.world import World
from tests.integration.console.conftest import catcher, desk, heart, screens, settings, world
from tests.integration.console.screens import Screens
from tests.integration.console.test_pages import more
from tests.support.chromium import chromium

__all__ = ["catcher", "chromium", "desk", "heart", "more", "screens", "settings", "world"]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 812}

Open = Callable[..., Coroutine[Any, Any, Page]]


@pytest.fixture
async def open_as(screens: Screens, more: World, chromium: Browser) -> AsyncIterator[Open]:
    """Opens a browser of its own, signed in as one of ROLES; what breaks the page's policy, or fails in a script, fails the test."""
    contexts = []
    faults: list[str] = []

    async def open_(role: str, *, phone: bool = False, scripts: bool = True, dark: bool = False) -> Page:
        context = await chromium.new_context(
            viewport=PHONE if phone else DESKTOP,
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            base_url=screens.url,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
        await page.goto(screens.link(role))
        return page

    yield open_
    for context in contexts:
        await context.close()
    assert faults == []
