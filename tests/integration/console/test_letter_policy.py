"""The letter policy in sentences, and a change that shows its effect first."""

import re
from html import unescape

from tests.integration.apis.world import OWN, World
from tests.integration.console.conftest import Screens

POLICY = "/console/0999/letters/policy"
FORM = {
    "hold": "2",
    "hold_unit": "days",
    "days": "school-days",
    "opens": "09:00",
    "until": "15:00",
    "step": ["10", "15"],
    "daily_cap": "30",
}


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the form that sets a policy."""
    return {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(policy|version)" value="([^"]*)"', html)}


async def test_a_policy_is_read_in_sentences(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    page = await office.look(POLICY)
    assert "Families get a letter at 5, 10 and 15 days." in page.text
    assert "Every caregiver who wants letters gets them." in page.text
    assert "No letter about a term goes after its last day." in page.text
    assert "The principal changes the policy." in page.text
    assert (await office.look(f"{POLICY}/edit")).status == 403
    assert (await office.send(f"{POLICY}/edit", FORM)).status == 403
    assert (await (await screens.person("dean")).look(POLICY)).status == 403
    assert "Policy" not in (await (await screens.person("dean")).look("/console/0999/letters")).text


async def test_a_change_shows_what_it_would_do_and_is_set_after_that(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    shown = await principal.send(f"{POLICY}/edit", FORM)
    assert shown.heading == "What this policy would do"
    assert "Families get a letter at 10 and 15 days. Now: Families get a letter at 5, 10 and 15 days." in shown.text
    assert "A letter waits 2 days after its step was reached." in shown.text
    # The world's letter that waits is about 5 days.
    assert "1 letter waits for its time now. 1 letter would not be written any more." in shown.text
    assert "What if it had held for the last four weeks" in shown.text
    assert "at 5, 10 and 15 days" in (await principal.look(POLICY)).text
    done = await principal.send(POLICY, hidden(shown.html))
    assert "The policy is set, for every letter that is due from now on." in done.text
    assert "Letters go on school days between 09:00 and 15:00." in done.text
    assert "This policy is in force already." in (await principal.send(POLICY, hidden(shown.html))).text
    assert "At most 30 letters go in a day; those above wait for a person." in done.text
    form = await principal.look(f"{POLICY}/edit")
    assert 'name="hold" type="number" min="0" max="20160" value="2"' in form.html
    assert '<option value="days" selected>' in form.html
    assert "Nothing is different" in (await principal.send(f"{POLICY}/edit", FORM)).text


async def test_a_policy_that_somebody_changed_meanwhile_is_shown_anew(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    shown = await principal.send(f"{POLICY}/edit", FORM)
    other = await principal.send(f"{POLICY}/edit", {**FORM, "daily_cap": "0"})
    await principal.send(POLICY, hidden(other.html))
    late = await principal.send(POLICY, hidden(shown.html))
    assert "Somebody has changed the policy meanwhile." in late.text
    assert "At most 30 letters go in a day; those above wait for a person. Now: Every letter waits for a person." in late.text
    refused = await principal.send(f"{POLICY}/edit", {**FORM, "opens": "15:00", "until": "09:00"})
    assert (refused.status, "a window opens before it closes" in refused.text) == (422, True)
    forged = await principal.send(POLICY, {"policy": '{"school": "0189"}', "version": "1"})
    assert (forged.status, "no letter policy" in forged.text) == (422, True)


async def test_the_last_weeks_are_played_again(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    assert 'href="/console/0999/letters/what-if"' in (await office.look(POLICY)).html
    shown = await office.look("/console/0999/letters/what-if", weeks="12")
    assert shown.heading == "What if: the last weeks"
    assert "By the choices in force:" in shown.text
    assert (await (await screens.person("dean")).look("/console/0999/letters/what-if")).status == 403


async def test_words_are_tried_on_the_families_of_the_last_weeks(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    path = "/console/0999/letters/templates/5/what-if"
    shown = await principal.send(path, {"language": "en", "subject": "{{ child }}", "body": "{{ child }} was away for {{ days }}."})
    assert shown.heading == "What if: these words at 5 days"
    # Letters to the only address of the world's family came back.
    assert "By the choices in force: 0 letters to 0 addresses, 1 that reach nobody. No letter is different." in shown.text
    faulty = await principal.send(path, {"language": "en", "subject": "{{ child }}", "body": "{{ nobody }}"})
    assert (faulty.status, "nobody" in faulty.text) == (422, True)


async def test_letters_on_paper_are_chosen_and_have_a_page(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    chosen = {**FORM, "paper": "true", "paper_unreached": "true", "paper_step": ["15", "10"]}
    shown = await principal.send(f"{POLICY}/edit", chosen)
    on_paper = (
        "At 10 and 15 days a letter goes to every home on paper, and caregivers whom neither e-mail nor text reaches get letters on paper."
    )
    assert f"{on_paper} Now: No letter goes on paper." in shown.text
    await principal.send(POLICY, hidden(shown.html))
    office = await screens.person("office")
    page = await office.look("/console/0999/letters/paper")
    assert "No letter waits to be printed." in page.text
    assert "to be posted" in page.text
    pile = world.ids[OWN]["printing_id"]
    refused = await office.send(f"/console/0999/letters/paper/{pile}", {"act": "posted"})
    assert (refused.status, "Give the day" in refused.text) == (422, True)
    assert "recorded as sent" in (await office.send(f"/console/0999/letters/paper/{pile}", {"act": "posted", "on": "2026-11-20"})).text
    again = await office.send(f"/console/0999/letters/paper/{pile}", {"act": "posted", "on": "2026-11-20"})
    assert "This pile was posted or dropped already" in again.text
    assert "posted Fri 20 Nov" in again.text
    assert (await (await screens.person("dean")).look("/console/0999/letters/paper")).status == 403


async def test_letters_to_one_family_are_chosen_to_go_together(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    shown = await principal.send(f"{POLICY}/edit", {**FORM, "together": "true"})
    together = "Letters of one day about children of one family go in one e-mail."
    assert f"{together} Now: Each letter goes in an e-mail of its own." in shown.text
    await principal.send(POLICY, hidden(shown.html))
    assert together in (await principal.look(POLICY)).text
    assert 'name="together" value="true" checked' in (await principal.look(f"{POLICY}/edit")).html
