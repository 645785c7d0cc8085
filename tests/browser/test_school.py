"""The pages of the whole school in a real browser: every tab of the Ministry's page and of the settings, and what a form shows."""

import pytest
from playwright.async_api import FilePayload

from tests.browser import walked
from tests.browser.conftest import Open
from tests.browser.test_walk import looked_at, violations
from tests.integration.apis.world import OWN, World
from tests.integration.console.test_ministry import answered

SCHOOL = "/console/0999"


@pytest.mark.parametrize("tabs", walked.TABS)
@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop", "phone and dark"])
async def test_every_tab_is_whole(open_as: Open, world: World, tabs: str, phone: bool, dark: bool) -> None:
    ids = world.ids[OWN]
    await answered(world, ids["upload"], ids["record_id"])
    page = await open_as("principal", phone=phone, dark=dark)
    for path in walked.TABS[tabs]:
        await looked_at(page, path.format(**ids))


async def test_a_closed_day_is_kept_without_scripts(open_as: Open) -> None:
    page = await open_as("principal", scripts=False)
    await page.goto(f"{SCHOOL}/settings")
    await page.get_by_label("Closed days from, new row 1").fill("2026-12-03")
    await page.get_by_role("button", name="See what this would do").click()
    await page.get_by_text("Closed: Thu 3 Dec.").wait_for()
    await page.get_by_role("button", name="Make this change").click()
    await page.get_by_text("The change is made.").wait_for()
    assert await page.get_by_label("Closed days from, row 1").input_value() == "2026-12-03"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_file_is_looked_at_and_imported(open_as: Open, scripts: bool) -> None:
    page = await open_as("principal", scripts=scripts)
    await page.goto(f"{SCHOOL}/data-quality/import")
    file = FilePayload(name="marks.csv", mimeType="text/csv", buffer=b"Who,Date,AM\n12345,2026-11-18,M\n")
    await page.get_by_label("CSV file").set_input_files(file)
    await page.get_by_role("button", name="Look at it first").click()
    await page.get_by_label("Who is read as").select_option(label="student's number")
    if not scripts:
        # Without them a browser forgets the file.
        await page.get_by_text("Choose the file once more").wait_for()
        await page.get_by_label("CSV file").set_input_files(file)
    await page.get_by_role("button", name="Look at it first").click()
    await page.get_by_text("1 row of 1 would be taken").wait_for()
    if scripts:
        assert await violations(page) == []
    else:
        await page.get_by_label("CSV file").set_input_files(file)
    await page.get_by_role("button", name="Import it").click()
    await page.get_by_text("1 row of 1 was taken").wait_for()
