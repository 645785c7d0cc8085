"""Several schools in one view, for whoever has a right to more than one; a school opens only with the right to it."""

from datetime import UTC, datetime

from services.console.identity.links import sign_link
from tests.integration.apis.world import World
from tests.integration.console.conftest import Screens
from tests.integration.console.screens import Visitor


async def of_both(screens: Screens, world: World, *schools: str) -> Visitor:
    visitor = await screens.visitor()
    await visitor.http.get(f"/console/link/{sign_link(world.apis.data, 'office', list(schools), [], datetime.now(UTC))}")
    return visitor


async def test_each_school_is_a_row_with_its_numbers(screens: Screens, world: World) -> None:
    page = await (await of_both(screens, world, "0999", "0189")).look("/console/")
    assert (page.status, page.heading) == (200, "Your schools")
    assert "2 schools on this page" in page.text
    for number in ("0999", "0189"):
        summary = await world.ask("thresholds", "GET", f"/v1/schools/{number}/summary", number)
        letters = await world.ask("notifier", "GET", f"/v1/schools/{number}/letters/summary", number)
        (row,) = [row for row in page.html.split("<tr data-row>")[1:] if f"/console/{number}/" in row]
        assert f'data-label="Students">{summary["students"]}<' in row
        assert f'data-label="Overdue">{summary["records"]["overdue"]}<' in row
        assert f'data-label="Came back">{letters["came_back"]}<' in row
        assert f">Green: {summary['tiers']['green']}<" in row


async def test_a_region_without_schools_says_so(screens: Screens, world: World) -> None:
    page = await (await of_both(screens, world, "0999", "0189")).look("/console/", region="nowhere")
    assert "No school of yours is in that region." in page.text


async def test_one_school_is_gone_to_at_once_and_another_stays_shut(screens: Screens, world: World) -> None:
    visitor = await of_both(screens, world, "0999", "0998")
    # The other one has not sent anything: there is nothing to choose.
    assert (await visitor.look("/console/")).heading == "Today"
    assert (await visitor.look("/console/0189/today")).status in (403, 404)


async def test_summaries_hold_to_the_token_and_are_paged(world: World) -> None:
    both = await world.ask("thresholds", "GET", "/v1/summaries", "*")
    assert [one["school"] for one in both["items"]] == ["0189", "0999"]
    first = await world.ask("thresholds", "GET", "/v1/summaries", "*", params={"limit": 1})
    second = await world.ask("thresholds", "GET", "/v1/summaries", "*", params={"limit": 1, "cursor": first["next"]})
    assert [one["school"] for one in first["items"] + second["items"]] == ["0189", "0999"]
    own = await world.ask("thresholds", "GET", "/v1/summaries", "0999")
    assert [one["school"] for one in own["items"]] == ["0999"]
    for service, path in (("notifier", "/v1/letters/summaries"), ("moe-sync", "/v1/upload-summaries")):
        named = {"school": ["0999", "0189"]}
        assert [one["school"] for one in (await world.ask(service, "GET", path, "0999", params=named))["items"]] == ["0999"]
        assert [one["school"] for one in (await world.ask(service, "GET", path, "*", params=named))["items"]] == ["0189", "0999"]
