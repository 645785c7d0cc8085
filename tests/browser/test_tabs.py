"""Two tabs of one browser, and the way back after a form."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.integration.console.screens import Screens

STUDENT = "/console/0999/students/20001"


async def told(page: Page, words: str) -> None:
    await expect(page.get_by_role("status").first).to_contain_text(words)


async def test_a_form_in_one_tab_outlives_a_sign_out_in_another(open_as: Open, screens: Screens) -> None:
    page = await open_as("principal")
    await page.goto(f"{STUDENT}?tab=notes")
    await page.get_by_label("Why").fill("The family is in hospital")
    other = await page.context.new_page()
    await other.goto("/console/0999/today")
    await other.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_text("You are signed out.")).to_be_visible()
    await page.get_by_role("button", name="Hold", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out")
    # The page leads to the sign-in in a tab of its own; the form goes once more from here.
    await expect(page.get_by_role("link", name="Sign in, in a window of its own")).to_have_attribute("target", "_blank")
    await other.goto(screens.link("principal"))
    await page.get_by_role("button", name="Send it again").click()
    await told(page, "Letters are held.")


async def test_the_same_thing_in_two_tabs(open_as: Open) -> None:
    one = await open_as("principal")
    other = await one.context.new_page()
    for page in (one, other):
        await page.goto(f"{STUDENT}?tab=notes")
        await page.get_by_label("Why").fill("The family is in hospital")
    for page in (one, other):
        await page.get_by_role("button", name="Hold", exact=True).click()
        await expect(page.get_by_role("status").first).to_contain_text(re.compile("held"))
    await expect(other.get_by_role("button", name=re.compile("Lift|again"))).to_have_count(1)
    for page, days in ((one, "7"), (other, "9")):
        await page.goto("/console/0999/settings/due-days")
        await page.get_by_label("School days after 5 days").fill(days)
    await one.get_by_role("button", name="Keep").first.click()
    await told(one, "The due days are kept.")
    await other.get_by_role("button", name="Keep").first.click()
    await expect(other.get_by_role("heading", level=1)).to_have_text("This was changed meanwhile")
    await other.get_by_role("link", name="Leave it as it is").click()
    await expect(other.get_by_label("School days after 5 days")).to_have_value("7")


async def test_the_way_back_after_a_form_sends_nothing_again(open_as: Open) -> None:
    page = await open_as("principal")
    await page.goto(f"{STUDENT}?tab=casework")
    contact = page.locator("form#contact")
    await contact.get_by_label("Whom").fill("Mere Example")
    await contact.get_by_label("Who tried").fill("Ms Example")
    await contact.get_by_label("Note").fill("rang, and came back here")
    await contact.get_by_role("button", name="Record").click()
    row = page.get_by_role("cell", name="rang, and came back here")
    await expect(row).to_have_count(1)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.go_forward()
    await page.reload()
    await expect(row).to_have_count(1)
    assert sent == []
