"""Schemas and examples of the events, held against each other and against the catalogue."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.events.asyncapi import document, structured_example
from shared.events.catalogue import EVENTS, PARTNER_EVENTS, EventType
from shared.events.envelope import Event
from shared.events.examples import EXAMPLES
from shared.events.schemas import schema_of


def validator(event: EventType) -> Draft202012Validator:
    return Draft202012Validator(schema_of(event), format_checker=FormatChecker())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_has_a_schema_by_the_rules(event: EventType) -> None:
    schema = schema_of(event)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:nz-star:event:{event.name}"
    assert schema["properties"]["type"] == {"type": "string", "const": event.name}
    assert event.data.__name__ in schema["$defs"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.type.name)
def test_examples_are_what_the_schema_says(example: Event) -> None:
    said = json.loads(json.dumps(structured_example(example)))
    validator(example.type).validate(said)
    # And what travels on the topic is the same data.
    assert json.loads(example.encode().value or b"") == said["data"]


def test_each_event_that_partners_hear_has_an_example() -> None:
    assert [example.type for example in EXAMPLES] == list(PARTNER_EVENTS)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "nz.star.marks.recorded.v1"},
        {"id": ""},
        {"data": {}},
        {"specversion": "0.3"},
    ],
)
def test_the_schema_refuses_what_is_no_such_event(change: dict[str, Any]) -> None:
    said = json.loads(json.dumps(structured_example(EXAMPLES[0])))
    assert not validator(EXAMPLES[0].type).is_valid(said | change)


def test_fields_that_come_later_are_no_error() -> None:
    said = json.loads(json.dumps(structured_example(EXAMPLES[0])))
    said["data"]["added_later"] = 1
    validator(EXAMPLES[0].type).validate(said)


def test_what_an_inherited_field_means_is_told_with_the_event() -> None:
    described = schema_of(EXAMPLES[0].type)["$defs"]["ThresholdCrossed"]["description"]
    assert described.startswith("A student has been absent as many days as a threshold says.")
    assert "`sequence` counts the times" in described


def test_partners_hear_neither_names_nor_held_letters() -> None:
    heard = {event.name for event in PARTNER_EVENTS}
    assert heard == {
        "nz.star.threshold.approaching.v1",
        "nz.star.threshold.crossed.v1",
        "nz.star.threshold.retracted.v1",
        "nz.star.response.recorded.v1",
        "nz.star.response.amended.v1",
        "nz.star.response.withdrawn.v1",
        "nz.star.record.updated.v1",
        "nz.star.plan.published.v1",
    }
    assert not any(event.topic.personal for event in PARTNER_EVENTS)


def test_the_document_names_every_event_on_its_topic() -> None:
    channels = document()["channels"]
    named = {
        message: channel["address"]
        for channel in channels.values()
        for message in channel["messages"]
        if not message.endswith("cloudevent")
    }
    assert named == {event.name: event.topic.name for event in EVENTS}
    assert "never for partners" in channels["students"]["description"]
    assert channels["students"]["tags"] == [{"name": "internal"}]
