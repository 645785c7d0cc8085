"""A partner sees their subscriptions, and changes them."""

import re

from tests.integration.console.conftest import Screens

PARTNERS = "/console/partners"


async def test_a_subscription_from_its_secret_to_its_end(screens: Screens) -> None:
    partner = await screens.person("partner")
    assert "You have no subscription yet." in (await partner.look(PARTNERS)).text
    form = {"url": "http://127.0.0.1:9/hook", "schools": "0999", "event": ["nz.star.threshold.crossed.v1"], "format": "teams"}
    made = await partner.send(PARTNERS, form)
    assert (made.status, made.heading) == (200, "Subscribed")
    assert "whsec_" in made.text
    (one,) = set(re.findall(r"/console/partners/([0-9a-f-]{36})", made.html))
    here = f"{PARTNERS}/{one}"
    listed = await partner.look(PARTNERS)
    assert "127.0.0.1 Active 1 school no attempt 0 – 0" in listed.text
    assert "whsec_" not in listed.html
    assert "Form Microsoft Teams (a workflow's message)" in (await partner.look(here)).text

    tested = await partner.send(here, {"act": "test"})
    assert "The test event is on its way" in tested.text
    assert "1 event waits, the oldest since" in tested.text
    assert "Paused: events are kept." in (await partner.send(here, {"act": "pause"})).text
    refused = await partner.send(here, {"act": "test"})
    assert "Nothing was changed: the subscription is paused: resume it first." in refused.text
    assert "Active again" in (await partner.send(here, {"act": "resume"})).text
    assert "0 events are on the way again." in (await partner.send(f"{here}/replay", {"since": "2026-10-12"})).text
    rotated = await partner.send(f"{here}/secret")
    assert (rotated.heading, "whsec_" in rotated.text) == ("A new secret", True)
    assert "signs beside the new one until" in (await partner.look(here)).text
    ended = await partner.send(here, {"act": "end"})
    assert "The subscription has ended." in ended.text
    assert (await partner.look(here)).status == 404


async def test_what_can_not_be_subscribed_is_said_in_words(screens: Screens) -> None:
    partner = await screens.person("partner")
    private = {"url": "http://10.0.0.1/", "schools": "0999", "event": ["nz.star.threshold.crossed.v1"]}
    answer = await partner.send(PARTNERS, private)
    assert (answer.status, "Nothing was changed:" in answer.text) == (422, True)
    assert "choose at least one" in (await partner.send(PARTNERS, {"url": "https://example.test/", "schools": "0999"})).text


async def test_another_partners_subscription_is_not_there(screens: Screens) -> None:
    partner = await screens.person("partner")
    (listed,) = (
        await screens.apis.http.get(
            f"{screens.apis.urls['notifier']}/v1/subscriptions", headers=screens.apis.token("events:subscribe", subject="system-0999")
        )
    ).json()["items"]
    assert (await partner.look(f"{PARTNERS}/{listed['id']}")).status == 404
