"""Caregivers who must not be written to, whenever the school's system says so, and its decisions about words that are on no list."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from shared.db.listen import Wakeup
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, up

PATH = f"/v1/schools/{SCHOOL}/caregiver-statuses"


async def statuses(visitor: Visitor) -> list[dict[str, Any]]:
    answer = await visitor.http.get(PATH, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def decide(visitor: Visitor, text: str, decision: str | None, answered: int = 200) -> dict[str, Any]:
    answer = await visitor.http.put(PATH, json={"text": text, "decision": decision}, headers=visitor.headers("star:write"))
    assert answer.status_code == answered, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_text_on_no_list_waits_for_a_decision_once(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster(
        [
            desk.joined(changed(MERE, status="Purple")),
            desk.joined(changed(WIREMU, role="PURPLE"), changed(MERE, status="No contact"), student="2"),
            desk.joined(changed(WIREMU, role="Father"), student="3"),
        ]
    )
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    assert (await desk.letters(), desk.mail()) == ([(5, "no-contact", None)], [])
    listed = [(item["text"], item["judgement"], item["verdict"], item["caregivers"]) for item in await statuses(visitor)]
    assert listed == [
        ("PURPLE", "undecided", "undecided", 2),
        ("No contact", "protected", "never", 1),
        ("Father", "harmless", "write", 1),
    ]

    decided = await decide(visitor, "purple", "write")
    assert (decided["verdict"], decided["decision"], decided["decided_by"]) == ("write", "write", "test")
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["mere@example.test"]]


async def test_what_cannot_be_decided(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(changed(MERE, status="Court order"), changed(WIREMU, role="Emergency"))])
    assert (await decide(visitor, "Court order", "write", 409))["type"].endswith("no-decision")
    assert (await decide(visitor, "emergency", "write", 409))["type"].endswith("no-decision")
    assert (await decide(visitor, "Green", "write", 404))["type"].endswith("unknown-text")
    assert (await decide(visitor, "Court order", "never"))["verdict"] == "never"
    assert (await decide(visitor, "Court order", None))["decision"] is None
    for token in (
        visitor.headers("star:write", role="respond"),
        visitor.headers("star:read"),
        visitor.headers("star:write", schools=("0189",)),
    ):
        answer = await visitor.http.put(PATH, json={"text": "Court order", "decision": None}, headers=token)
        assert answer.status_code == 403


@pytest.mark.parametrize("words", [{"status": "Access by court order only"}, {"role": "Purple"}, {"notify": False}, {"email": None}])
async def test_a_change_while_a_letter_waits_counts(desk: Desk, words: dict[str, Any]) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(timedelta(minutes=5))
    await desk.roster([desk.joined(changed(MERE, **words), WIREMU)])
    desk.passes(HOLD)
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["wiremu@example.test"]]


@pytest.mark.parametrize("words", [{"status": "trespass notice"}, {"status": "Purple"}, {"notify": False}, {"email": "new@example.test"}])
async def test_a_change_between_written_and_sent_counts(desk: Desk, words: dict[str, Any]) -> None:
    await written_and_not_sent(desk)
    await desk.roster([desk.joined(changed(MERE, **words), WIREMU)])
    await desk.mail_server_is_back()
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["wiremu@example.test"]]
    assert await desk.deliveries() == [("mere@example.test", "cancelled", "no-correspondent"), ("wiremu@example.test", "sent", None)]


async def test_a_decision_between_written_and_sent_counts(desk: Desk, visitor: Visitor) -> None:
    await written_and_not_sent(desk, changed(MERE, role="Mother"))
    await decide(visitor, "MOTHER", "never")
    await desk.mail_server_is_back()
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["wiremu@example.test"]]


async def test_a_letter_that_none_of_its_recipients_may_get_is_written_to_those_who_may(desk: Desk) -> None:
    await written_and_not_sent(desk)
    await desk.roster([desk.joined(changed(MERE, email="new@example.test"), changed(WIREMU, status="No contact"))])
    await desk.mail_server_is_back()
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert desk.mail() == []
    desk.passes(HOLD)
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["new@example.test"]]
    assert await desk.letters() == [(5, "cancelled", "no-correspondent"), (5, "bound", None)]


async def written_and_not_sent(desk: Desk, mere: Any = MERE) -> None:
    await desk.school()
    await desk.roster([desk.joined(mere, WIREMU)])
    await desk.say(up(5, 10, to="yellow"))
    await desk.catcher.stop()
    desk.passes(HOLD)
    await desk.work()
    assert [status for _, status, _ in await desk.deliveries()] == ["waiting", "waiting"]
    desk.passes(timedelta(minutes=1))


async def test_what_another_key_of_the_child_says_counts_until_the_keys_are_taken_apart(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    # Written already, and merged before it has gone.
    await Runner("notifier", desk.engine, [desk.letter], Wakeup(), clock=desk.clock).run_once()
    barred = [changed(MERE, name="NGATA, Mere", email=None, status="Purple"), changed(WIREMU, name="W", notify=False)]
    await desk.roster([desk.joined(MERE, WIREMU, other_keys=["2"], other_caregivers=barred)])
    await desk.work()
    assert desk.mail() == []
    assert {(status, reason) for _, status, reason in await desk.deliveries()} == {("cancelled", "no-correspondent")}
    await desk.say(up(10, 20, to="orange"))
    desk.passes(HOLD)
    await desk.work()
    assert desk.mail() == []
    # The school is asked about the words under the other key, and its decision counts.
    assert [(item["text"], item["verdict"]) for item in await statuses(visitor)] == [("Purple", "undecided")]
    await decide(visitor, "purple", "write")
    await desk.work()
    assert [message["to"] for message in desk.mail()] == [["mere@example.test"]]
    await desk.roster([desk.joined(MERE, WIREMU)])
    await desk.say(up(15, 30, to="red"))
    desk.passes(HOLD)
    await desk.work()
    assert sorted(message["to"] for message in desk.mail()[1:]) == [["mere@example.test"], ["wiremu@example.test"]]
