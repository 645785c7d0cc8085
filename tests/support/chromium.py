"""A real browser for pages: Debian's chromium, driven through its developer tools."""

import os
import shutil
import warnings
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from deploy.apt import AptError, install_on_ci

NAMES = ("chromium", "chromium-browser", "google-chrome")


def _path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def chromium_path() -> str:
    """Where chromium is; a bare CI machine installs it first.

    Skips the test where there is none; fails it there when CI=true.
    """
    path, why = _path(), ""
    if path is None:
        try:
            install_on_ci(["chromium"])
        except AptError as error:
            why = f" ({error})"
        path = _path()
    if path is not None:
        return path
    reason = f"BROWSER TESTS DON'T RUN: there is no chromium{why}; on Debian: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    warnings.warn(reason, stacklevel=2)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser that all tests share: open contexts of your own."""
    path = chromium_path()
    # Its own sandbox needs rights that root in a container does not have; what is shown here is ours.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        await browser.close()
