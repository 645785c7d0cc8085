"""The pages of the OpenAPI documents, in a real browser: what their policy allows is enough for them."""

from playwright.async_api import Browser

from tests.integration.apis.four_apis import FourApis
from tests.support.chromium import chromium

__all__ = ["chromium"]


async def test_they_show_the_operations_and_break_no_rule(apis: FourApis, chromium: Browser) -> None:
    page = await chromium.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    await page.goto(f"{apis.urls['moe-sync']}/docs")
    await page.get_by_text("/v1/upload-status").first.wait_for(timeout=30_000)
    await page.goto(f"{apis.urls['moe-sync']}/redoc")
    await page.get_by_text("State of the uploads").first.wait_for(state="attached", timeout=30_000)
    await page.close()
    # ReDoc's own logo lies on a CDN: it is not fetched.
    assert [line for line in refused if "redoc" not in line] == []
