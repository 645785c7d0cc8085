"""The work of a morning, by keys alone, without scripts, and with the marks of others."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import APIResponse, Locator, Page, Route, expect

from shared.events.data import Caregiver
from tests.browser.conftest import Open
from tests.integration.apis.world import OWN, World
from tests.integration.notifier.conftest import HOLD
from tests.support.crossings import days, down, stands, up

SCHOOL = "/console/0999"


async def test_a_record_is_answered_by_keys_alone(open_as: Open) -> None:
    page = await open_as("office")
    await page.goto(f"{SCHOOL}/records")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Respond for"))
    await page.keyboard.press("Space")
    await page.get_by_label("Who did it").focus()
    await page.keyboard.type("Ms Example")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Recorded")
    await page.keyboard.press("/")
    await page.keyboard.type("awhina")
    await page.keyboard.press("Enter")
    await expect(page.locator("#count")).to_have_text("1 student found.")


async def test_rows_are_ticked_by_keys_and_the_bar_counts(open_as: Open) -> None:
    page = await open_as("office")
    await page.goto(f"{SCHOOL}/records")
    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.locator("[data-ticked]")).to_have_text("2 chosen")
    await page.get_by_role("button", name="Respond for all chosen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Respond for 2 students")


async def test_keys_can_be_switched_off(open_as: Open) -> None:
    page = await open_as("office")
    await page.keyboard.press("?")
    await page.get_by_label("Use these keys").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_without_scripts_a_record_is_answered_too(open_as: Open) -> None:
    page = await open_as("office", scripts=False)
    await page.goto(f"{SCHOOL}/records?q=awhina")
    await page.get_by_role("checkbox", name=re.compile("Choose Āwhina")).check()
    await page.get_by_role("button", name="Respond for all chosen").click()
    await page.get_by_label("Conversation with whānau").check()
    await page.get_by_label("Who did it").fill("Ms Example")
    await page.get_by_role("button", name="Record").click()
    await expect(page.get_by_role("status").first).to_contain_text("Recorded")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status").first).to_contain_text("1 response taken back.")


async def pressed_twice(
    page: Page, button: Locator, *, note: str = "ecorded", between: Callable[[], Awaitable[object]] | None = None
) -> int:
    """Presses a button, and once more before the answer has come, as on a slow line; answers how many requests reached the service.
    `note`: what the page says then. `between`: what the service does meanwhile."""
    reached: list[tuple[Route, APIResponse]] = []
    answered = asyncio.Event()

    async def slow(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        headers = {**await route.request.all_headers(), "sec-fetch-site": "same-origin"}
        reached.append((route, await route.fetch(headers=headers, max_redirects=0)))
        answered.set()
        if len(reached) == 2:
            await route.fulfill(response=reached[1][1])

    await page.route("**/*", slow)
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.click(*middle)
    await asyncio.wait_for(answered.wait(), 30)
    if between is not None:
        await between()
    await page.mouse.click(*middle)
    # Time for a second request, where there is one, to set out.
    await page.wait_for_timeout(300)
    if len(reached) == 1:
        await reached[0][0].fulfill(response=reached[0][1])
    await expect(page.get_by_role("status").first).to_contain_text(note)
    await page.unroute("**/*", slow)
    return len(reached)


@pytest.mark.parametrize(("scripts", "requests"), [(True, 1), (False, 2)])
async def test_a_button_that_is_pressed_twice_records_once(open_as: Open, scripts: bool, requests: int) -> None:
    page = await open_as("principal", scripts=scripts)
    student = f"{SCHOOL}/students/20001"
    await page.goto(f"{student}?tab=casework")
    contact = page.locator("form#contact")
    await contact.get_by_label("Whom").fill("Mere Example")
    await contact.get_by_label("Who tried").fill("Ms Example")
    await contact.get_by_label("Note").fill("rang twice at once")
    assert await pressed_twice(page, contact.get_by_role("button", name="Record")) == requests
    await expect(page.get_by_role("cell", name="rang twice at once")).to_have_count(1)
    await page.goto(f"{SCHOOL}/records?q=awhina")
    await page.get_by_role("checkbox", name=re.compile("Choose Āwhina")).check()
    await page.get_by_role("button", name="Respond for all chosen").click()
    await page.get_by_label("Conversation with whānau").check()
    await page.get_by_label("Who did it").fill("Ms Twice")
    assert await pressed_twice(page, page.get_by_role("button", name="Record")) == requests
    await page.goto(f"{student}?tab=records")
    await expect(page.get_by_text("Ms Twice")).to_have_count(1)


@pytest.mark.parametrize(("scripts", "requests"), [(True, 1), (False, 2)])
async def test_a_letter_is_sent_again_once_though_it_went_between_two_presses(
    open_as: Open, world: World, scripts: bool, requests: int
) -> None:
    ids = world.ids[OWN]
    cleared = await world.apis.http.delete(
        f"{world.apis.urls['notifier']}/v1/schools/{OWN}/bad-addresses/{ids['address']}", headers=world.apis.token("star:write")
    )
    assert cleared.is_success
    before = len(world.desk.mail())
    page = await open_as("principal", scripts=scripts)
    await page.goto(f"{SCHOOL}/letters/{ids['delivery']}/sent")
    await page.get_by_label("Because").fill("the family has lost it")
    button = page.get_by_role("button", name="Send it again")
    assert await pressed_twice(page, button, note="The letter is on its way again.", between=world.desk.work) == requests
    await world.desk.work()
    assert len(world.desk.mail()) == before + 1


@pytest.mark.parametrize(("scripts", "requests"), [(True, 1), (False, 2)])
async def test_a_letter_is_taken_back_once_and_both_presses_say_so(open_as: Open, world: World, scripts: bool, requests: int) -> None:
    desk, student = world.desk, "20003"
    await desk.roster([desk.joined(Caregiver(name="Ana Example", email="ana@example.test"), student=student, given_name="Ruru")])
    await desk.stands(stands(days(8), 1, student=student))
    await desk.say(up(5, 16, to="yellow", standing=1, student=student))
    desk.passes(HOLD)
    await desk.work()
    await desk.stands(stands(days(4), 2, student=student))
    await desk.say(down(5, 8, to="green", standing=2, student=student))
    before = len(desk.mail())
    (letter,) = (await world.ask("notifier", "GET", f"/v1/schools/{OWN}/deliveries", OWN, params={"student": student}))["items"]
    page = await open_as("principal", scripts=scripts)
    await page.goto(f"{SCHOOL}/letters/{letter['id']}/sent")
    await page.get_by_label("Because").fill("the roll was wrong")
    button = page.get_by_role("button", name="Send a letter of correction")
    assert await pressed_twice(page, button, note="A letter of correction is on its way.", between=desk.work) == requests
    await desk.work()
    assert len(desk.mail()) == before + 1


async def test_filters_change_the_list_and_its_address(open_as: Open) -> None:
    page = await open_as("principal")
    await page.goto(f"{SCHOOL}/students")
    await page.get_by_label("Year", exact=True).fill("9")
    await page.get_by_label("Year", exact=True).press("Enter")
    await expect(page.locator("#count")).to_have_text("1 student found.")
    assert "year_level=9" in page.url
    await page.reload()
    await expect(page.locator("#count")).to_have_text("1 student found.")


async def test_the_look_is_kept(open_as: Open) -> None:
    page = await open_as("principal")
    await page.get_by_role("button", name="Dark").click()
    await page.goto(f"{SCHOOL}/students")
    await expect(page.locator("html")).to_have_attribute("data-look", "dark")


async def test_on_paper_a_students_page_has_no_notes_and_no_buttons(open_as: Open) -> None:
    page = await open_as("principal")
    await page.goto(f"{SCHOOL}/students/20001")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("heading", name="What was done")).to_be_visible()
    await expect(page.locator("nav").first).to_be_hidden()
    assert await page.locator("button:visible").count() == 0
    assert len(await page.pdf(format="A4")) > 0


async def test_on_paper_a_list_is_a_table_and_not_a_phones_cards(open_as: Open) -> None:
    page = await open_as("principal")
    # As wide as an A4 page between its margins.
    await page.set_viewport_size({"width": 688, "height": 970})
    await page.emulate_media(media="print")
    for path in ("students", "records", "today"):
        await page.goto(f"{SCHOOL}/{path}")
        row = page.locator("table.list tbody tr[data-row]").first
        shown = await row.evaluate("row => [row, ...row.children].map(one => getComputedStyle(one).display)")
        assert set(shown) <= {"table-row", "table-cell", "none"}, path
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (path, wide)


async def test_on_a_phone_the_navigation_shows_the_page_that_is_open(open_as: Open) -> None:
    page = await open_as("principal", phone=True)
    await page.goto(f"{SCHOOL}/settings")
    await expect(page.locator("nav[aria-label=Pages] a[aria-current]")).to_be_in_viewport(ratio=0.9)


async def test_a_letter_is_previewed_while_it_is_written_and_without_scripts_by_a_button(open_as: Open) -> None:
    page = await open_as("principal")
    await page.goto(f"{SCHOOL}/letters/templates/5")
    letter = page.frame_locator("iframe[name=letter-preview]")
    await expect(letter.locator("body")).to_contain_text("Aroha")
    await page.get_by_label("Letter", exact=True).fill("Kia ora, ")
    await page.get_by_text("Insert a value").click()
    await page.get_by_role("listitem").filter(has_text="The child's given name").get_by_role("button").click()
    await expect(page.get_by_label("Letter", exact=True)).to_have_value("Kia ora, {{ child }}")
    await expect(letter.locator("body")).to_contain_text("Kia ora, Aroha")
    await page.get_by_label("As", exact=True).select_option("text")
    await expect(letter.locator("body")).to_contain_text("characters. Text messages")
    await page.get_by_label("As", exact=True).select_option("mail")
    await page.get_by_label("Letter", exact=True).fill("Kia ora\n{{ chidl }}")
    await expect(letter.locator("mark")).to_have_text("2  {{ chidl }}")
    bare = await open_as("principal", scripts=False)
    await bare.goto(f"{SCHOOL}/letters/templates/5")
    await bare.get_by_label("Letter", exact=True).fill("Kia ora, {{ child }}")
    await bare.get_by_role("button", name="Look", exact=True).click()
    await expect(bare.frame_locator("iframe[name=letter-preview]").locator("body")).to_contain_text("Kia ora, Aroha")


async def test_a_long_address_stays_within_a_phone(open_as: Open) -> None:
    page = await open_as("principal", phone=True)
    for path in (f"{SCHOOL}/letters?group=sent", f"{SCHOOL}/students/12345?tab=letters"):
        await page.goto(path)
        cells = page.locator("td[data-label='To'], td[data-label='Letters go']")
        await cells.first.evaluate("cell => { cell.textContent = 'a.very.long.name.of.a.caregiver.12345@whanau.kahikatea.test' }")
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
