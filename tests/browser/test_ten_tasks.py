"""The tasks of a day at a school, from the first page on, with the clicks that each takes (docs/explanation/ten-tasks.md)."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.integration.console.screens import Screens
from tests.integration.console.test_plan import WHOLE

TABLE = Path(__file__).parents[2] / "docs" / "explanation" / "ten-tasks.md"


class Hand:
    """Clicks, and counts what the page has of it: each press of the mouse that somebody made, and none that a script made."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    @classmethod
    async def of(cls, page: Page) -> "Hand":
        """A hand on the first page; a printed page says so of itself, as no browser without a head prints."""
        hand = cls(page)
        await page.expose_function("pressed", hand.pressed)
        counting = "addEventListener('pointerdown', event => { if (event.isTrusted) pressed(); }, true);"
        await page.add_init_script(counting + "print = () => { document.documentElement.dataset.printed = 'yes'; };")
        await page.goto("/console/")
        return hand

    def pressed(self) -> None:
        self.clicks += 1

    async def on(self, what: Locator) -> None:
        await what.click()

    async def link(self, name: str) -> None:
        await self.on(self.page.get_by_role("link", name=re.compile(name)).first)

    async def button(self, name: str) -> None:
        await self.on(self.page.get_by_role("button", name=re.compile(name)).first)

    async def sees(self, text: str) -> None:
        await expect(self.page.locator("main")).to_contain_text(re.compile(text))

    async def fresh(self) -> int:
        """The clicks of the task that ends here; the next one begins on the first page."""
        clicks, self.clicks = self.clicks, 0
        await self.page.goto("/console/")
        return clicks


async def test_the_tasks_take_the_clicks_that_the_page_names(open_as: Open, screens: Screens) -> None:
    await (await screens.person("principal")).send("/console/0999/plan/edit", WHOLE)
    hand = await Hand.of(await open_as("principal"))
    taken: dict[str, int] = {}

    await hand.sees("reached a step since")
    taken["Who reached a step since yesterday?"] = await hand.fresh()

    await hand.link("^Āwhina Example")
    await hand.link("Mon 19 Oct")
    await hand.sees("This makes 2 half days absent|half day")
    taken["Why is this number 5.5?"] = await hand.fresh()

    await hand.link("^Āwhina Example")
    await hand.link("Notes and holds")
    await hand.page.get_by_label("Why").fill("The family is in hospital")
    await hand.button("^Hold$")
    await hand.sees("Letters are held")
    taken["Stop a student's letters"] = await hand.fresh()

    await hand.link("^Ministry")
    await hand.link("What would go now")
    await hand.sees("What would go now")
    taken["What would Friday's upload say?"] = await hand.fresh()

    await hand.sees("came back: ring Mere Example")
    taken["Whom to ring because a letter came back?"] = await hand.fresh()

    await hand.link("^Āwhina Example")
    await hand.button("Print for a meeting")
    await expect(hand.page.locator("html")).to_have_attribute("data-printed", "yes")
    taken["Print a page for a meeting"] = await hand.fresh()

    await hand.link("^Āwhina Example")
    await hand.link("Who looked")
    await hand.sees("principal by link")
    taken["Who looked at this child's record?"] = await hand.fresh()

    await hand.on(hand.page.get_by_label("All", exact=True))
    await hand.button("Respond for all chosen")
    await hand.on(hand.page.get_by_label("Conversation with whānau"))
    await hand.page.get_by_label("Who did it").fill("Ms Example")
    await hand.button("^Record")
    await hand.sees("Recorded")
    taken["Answer all records that wait, at once"] = await hand.fresh()

    await hand.link("^Plan")
    await hand.link("^Publish$")
    await hand.button("^Publish draft")
    await hand.sees("The plan is published")
    taken["Publish the plan"] = await hand.fresh()

    hand = await Hand.of(await open_as("ops"))
    await hand.on(hand.page.locator("table", has_text="unreadable").get_by_role("link", name="unreadable").first)
    await hand.on(hand.page.get_by_label("Choose the one at").first)
    await hand.button("^Redrive")
    await hand.sees("1 dead letter put on their topics again")
    taken["Redrive a dead letter"] = await hand.fresh()

    named = dict(re.findall(r"^\| (.+?) \| (\d+) \|", TABLE.read_text(encoding="utf-8").split("## Beside")[0], flags=re.MULTILINE))
    assert {task: str(clicks) for task, clicks in taken.items()} == named
    assert len(named) == 10


def test_each_counted_task_takes_at_most_half_of_the_clicks_of_others() -> None:
    own, beside = TABLE.read_text(encoding="utf-8").split("## Beside")
    ours = dict(re.findall(r"^\| (.+?) \| (\d+) \|", own, flags=re.MULTILINE))
    rows = re.findall(r"^\| (.+?) \| (\d+) \|(.+)\|$", beside, flags=re.MULTILINE)
    assert {task: clicks for task, clicks, _ in rows} == ours
    counted = {task: [int(other) for other in re.findall(r"\| *(\d+)", f"|{others}")] for task, _, others in rows}
    assert all(2 * int(ours[task]) <= other for task, others in counted.items() for other in others), counted
    # Said as it is: of how many tasks nobody publishes the way.
    unknown = sum(not others for others in counted.values())
    assert f"For {unknown} of the {len(counted)} tasks nobody's page does" in " ".join(beside.split())
