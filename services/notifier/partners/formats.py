"""The forms in which a subscription gets its events: CloudEvents, or a message that Teams or Slack shows. Pure.

A message is words for people in a channel that we know nothing of: it names the school by its number and the student by the school's own
key, never by a name or a national student number.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from services.notifier.partners.repository.partner_events import TEST_EVENT, PartnerEvent
from shared.events import catalogue
from shared.events.envelope import as_cloudevent

Format = Literal["cloudevents", "teams", "slack"]

CLOUDEVENTS: Final = "application/cloudevents+json; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"

_encoder: Final = msgspec.json.Encoder()


def media_type(format_: Format) -> str:
    """The content type of a format's bodies."""
    return CLOUDEVENTS if format_ == "cloudevents" else JSON


def body_of(event: PartnerEvent, format_: Format = "cloudevents") -> bytes:
    """The request's body: the CloudEvent as the feed says it, with the data as it was published; or its words as a message."""
    if format_ == "cloudevents":
        data: Any = Raw(event.data.encode())
        return _encoder.encode(as_cloudevent(event.event_id, event.source, event.event_type, event.time, data))
    title, words = message_of(event)
    return _encoder.encode(_teams(title, words) if format_ == "teams" else _slack(title, words))


def message_of(event: PartnerEvent) -> tuple[str, str]:
    """An event in words: a title, and a sentence or two."""
    data: dict[str, Any] = msgspec.json.decode(event.data)
    title, words = _WORDS.get(event.event_type, _anything)(data)
    return title, f"{words} School {event.school}." if event.event_type != TEST_EVENT else words


def _crossed(data: Mapping[str, Any]) -> tuple[str, str]:
    words = f"{_student(data)} has been away for {_days(data['absent_days'])} in {_term(data)}, since {_day(data['occurred_on'])}."
    return f"{data['threshold']} days reached", f"{words} The tier is {data['to_tier']} now, and was {data['from_tier']}."


def _retracted(data: Mapping[str, Any]) -> tuple[str, str]:
    words = f"Marks of {_student(data, first=False)} were corrected: it is {_days(data['absent_days'])} in {_term(data)} now."
    return f"{data['threshold']} days taken back", f"{words} Whatever the crossing began can stop. The tier is {data['to_tier']} again."


def _approaching(data: Mapping[str, Any]) -> tuple[str, str]:
    left = "one more half day" if data["left_half_days"] == 1 else "two more half days"
    words = f"{_student(data)} has been away for {_days(data['absent_days'])} in {_term(data)}, as of {_day(data['occurred_on'])}."
    return f"Nearly {data['threshold']} days", f"{words} With {left} it is {data['threshold']}."


def _response(verb: str) -> Callable[[Mapping[str, Any]], tuple[str, str]]:
    def words(data: Mapping[str, Any]) -> tuple[str, str]:
        step = f" at {data['threshold']} days" if data.get("threshold") else ""
        activity = f" ({data['activity'].replace('-', ' ')}, {_day(data['occurred_on'])})" if "activity" in data else ""
        return f"Response {verb}", f"A response about {_student(data, first=False)}{step} was {verb}{activity}."

    return words


def _record(data: Mapping[str, Any]) -> tuple[str, str]:
    status = f" It is {data['status']} now." if "status" in data else ""
    return "STAR record changed", f"A STAR record of {_student(data, first=False)} has changed.{status}"


def _plan(data: Mapping[str, Any]) -> tuple[str, str]:
    words = f"Version {data['version']} is in effect from {_day(data['effective_on'])}, and is reviewed by {_day(data['review_on'])}."
    return "Attendance Management Plan published", words


def _test(data: Mapping[str, Any]) -> tuple[str, str]:
    return "Test", str(data["message"])


def _anything(data: Mapping[str, Any]) -> tuple[str, str]:
    return "News of STAR", f"There is news about {_student(data, first=False)}." if "student" in data else "There is news."


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]]] = {
    catalogue.THRESHOLD_CROSSED.name: _crossed,
    catalogue.THRESHOLD_RETRACTED.name: _retracted,
    catalogue.THRESHOLD_APPROACHING.name: _approaching,
    catalogue.RESPONSE_RECORDED.name: _response("recorded"),
    catalogue.RESPONSE_AMENDED.name: _response("amended"),
    catalogue.RESPONSE_WITHDRAWN.name: _response("withdrawn"),
    catalogue.RECORD_UPDATED.name: _record,
    catalogue.PLAN_PUBLISHED.name: _plan,
    TEST_EVENT: _test,
}


def _teams(title: str, words: str) -> dict[str, Any]:
    """A message as the workflows of Teams take it: an Adaptive Card in an attachment."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True},
            {"type": "TextBlock", "text": words, "wrap": True},
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _slack(title: str, words: str) -> dict[str, Any]:
    """A message as Slack's incoming webhooks take it; `text` is what a notification shows. Plain text: nothing in it is markup."""
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
        {"type": "section", "text": {"type": "plain_text", "text": words, "emoji": False}},
    ]
    return {"text": f"{title}: {words}", "blocks": blocks}


def _student(data: Mapping[str, Any], *, first: bool = True) -> str:
    return f"{'S' if first else 's'}tudent {data['student']}"


def _term(data: Mapping[str, Any]) -> str:
    year, _, number = str(data["term"]).partition("-T")
    return f"term {number} of {year}"


def _days(days: float) -> str:
    return f"{days:g} day" if days == 1 else f"{days:g} days"


def _day(day: str) -> str:
    read = date.fromisoformat(day)
    return f"{read:%a} {read.day} {read:%b}"
