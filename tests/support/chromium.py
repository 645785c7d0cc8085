"""A real browser for pages: Debian's chromium, driven through its developer tools."""

import os
import shutil
import warnings
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    """Where chromium is.

    Skips the test where there is none; fails it there when CI=true, where `make test` installs it first.
    """
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is not None:
        return path
    reason = "BROWSER TESTS DON'T RUN: there is no chromium; on Debian: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    warnings.warn(reason, stacklevel=2)
    pytest.skip(reason)


def chromium_options() -> list[str]:
    """The options that chromium starts with: its own sandbox needs rights that root in a container does not have; what is shown is ours."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser that all tests share: open contexts of your own."""
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium_options())
        yield browser
        await browser.close()
