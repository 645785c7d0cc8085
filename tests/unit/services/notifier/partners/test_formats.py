"""Events as messages for Teams and Slack: plain words, and nobody's name."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.notifier.partners.formats import body_of, media_type, message_of
from services.notifier.partners.repository import partner_events
from services.notifier.partners.repository.partner_events import PartnerEvent
from shared.events.catalogue import PARTNER_EVENTS
from shared.events.envelope import Event
from shared.events.examples import EXAMPLES
from tests.support.crossings import SCHOOL, down, up

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


def event(kind: str, data: Any) -> PartnerEvent:
    return PartnerEvent("one", kind, "/thresholds", "0999", NOW, msgspec.json.encode(data).decode())


def crossing(of: Event) -> PartnerEvent:
    return event(of.type.name, of.data)


def test_a_crossing_and_its_retraction_are_words() -> None:
    assert message_of(crossing(up(5, 11, to="yellow"))) == (
        "5 days reached",
        "Student 12345 has been away for 5.5 days in term 4 of 2026, since Thu 19 Nov. "
        f"The tier is yellow now, and was green. School {SCHOOL}.",
    )
    title, words = message_of(crossing(down(5, 9, to="green")))
    assert title == "5 days taken back"
    assert words.startswith("Marks of student 12345 were corrected: it is 4.5 days in term 4 of 2026 now.")


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.type in PARTNER_EVENTS], ids=lambda one: one.type.name)
def test_every_event_has_words_of_its_own_and_no_ids_in_them(example: Event) -> None:
    data = msgspec.to_builtins(example.data)
    title, words = message_of(crossing(example))
    assert title != "News of STAR"
    assert words.endswith("School 0999.")
    ids = [data[name] for name in ("student_id", "record_id", "response_id") if name in data]
    assert [secret for secret in (*ids, "None", "nsn") if secret in words] == []


def test_teams_gets_a_card_and_slack_a_message() -> None:
    sent = crossing(up(5, 11, to="yellow"))
    title, words = message_of(sent)
    teams = json.loads(body_of(sent, "teams"))
    (attachment,) = teams["attachments"]
    assert (teams["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert [block["text"] for block in attachment["content"]["body"]] == [title, words]
    assert attachment["content"]["type"] == "AdaptiveCard"
    slack = json.loads(body_of(sent, "slack"))
    assert slack["text"] == f"{title}: {words}"
    assert [block["text"]["text"] for block in slack["blocks"]] == [title, words]
    assert [media_type(format_) for format_ in ("cloudevents", "teams", "slack")] == [
        "application/cloudevents+json; charset=utf-8",
        "application/json; charset=utf-8",
        "application/json; charset=utf-8",
    ]


def test_a_test_event_says_what_it_is() -> None:
    assert message_of(partner_events.test_event(str(uuid.uuid4()), uuid.uuid4(), ["0999"], NOW)) == (
        "Test",
        "This is a test. It is about no student.",
    )
