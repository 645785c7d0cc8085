"""CloudEvents 1.0 in Kafka's binary mode: attributes in `ce_*` headers, the data as the JSON value."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct

from shared.bus.interface import Headers, Message, Outgoing
from shared.clock import YEARS
from shared.events.catalogue import BY_NAME, EventType
from shared.telemetry.tracing import HEADER, traceparent

SPEC_VERSION: Final = b"1.0"
CONTENT_TYPE: Final = b"application/json"

_INPUT: Final = re.compile(r"^(Invalid enum value) .*( - at `[^`]*`)$", re.DOTALL)
"""Where msgspec quotes what it read: a person's data does not go into logs or details."""

NUL: Final = b"\\u0000"
UNREADABLE: Final = "\ufffd"
"""As a bus has it in the name of a header that is not UTF-8."""

_encoder = msgspec.json.Encoder()


class PoisonMessageError(Exception):
    """A message that no reader can understand: not an event of ours, or not the JSON its type promises."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `key` orders it among others of its topic; `time` is when it became true, with an offset."""

    type: EventType
    id: str
    source: str
    time: datetime
    key: str
    data: Struct

    def encode(self) -> Outgoing:
        """The event as a message for its topic."""
        headers: Headers = (
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", self.id.encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.type.name.encode()),
            ("ce_time", self.time.isoformat().encode()),
            ("content-type", CONTENT_TYPE),
        )
        if (current := traceparent()) is not None:
            headers += ((HEADER, current.encode()),)
        return Outgoing(self.type.topic.name, self.key.encode(), _encoder.encode(self.data), headers)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Says that what the key names is gone."""

    key: str


@cache
def _decoder(data: type[Struct]) -> msgspec.json.Decoder[Struct]:
    return msgspec.json.Decoder(data)


def decode(message: Message) -> Event | Tombstone:
    """Reads a message back into the event it carries.

    Raises PoisonMessageError with the reason `not-an-event`, `unknown-event` or `bad-data`. Its detail never quotes the data.
    """
    key = _key(message.key)
    if any(UNREADABLE in name for name, _ in message.headers):
        raise PoisonMessageError("not-an-event", "the name of a header is not text")
    if message.value is None:
        return Tombstone(key)
    event_type, event_id, source, time = _attributes(dict(message.headers))
    if NUL in message.value:
        raise PoisonMessageError("bad-data", "a text holds a NUL character, which no table of ours can keep")
    try:
        data = _decoder(event_type.data).decode(message.value)
    except RecursionError as error:
        raise PoisonMessageError("bad-data", "it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PoisonMessageError("bad-data", _INPUT.sub(r"\1\2", str(error))) from error
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if isinstance(value, datetime) and value.year not in YEARS:
            raise PoisonMessageError("bad-data", f"a time of no year of ours - at `$.{name}`")
    return Event(event_type, event_id, source, time, key, data)


def _key(key: bytes | None) -> str:
    if key is None:
        raise PoisonMessageError("not-an-event", "the message has no key")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise PoisonMessageError("not-an-event", "the key is not text") from error
    if "\0" in text:
        raise PoisonMessageError("not-an-event", "the key holds a NUL character")
    return text


def _attributes(headers: Mapping[str, bytes]) -> tuple[EventType, str, str, datetime]:
    """The event's type, id, source and time."""
    try:
        event_type = BY_NAME[headers["ce_type"].decode()]
        event_id, source = headers["ce_id"].decode(), headers["ce_source"].decode()
        time = datetime.fromisoformat(headers["ce_time"].decode())
    except KeyError as error:
        if error.args[0] in {"ce_type", "ce_id", "ce_source", "ce_time"}:
            raise PoisonMessageError("not-an-event", f"the header {error.args[0]} is missing") from error
        raise PoisonMessageError("unknown-event", "its type is not in the catalogue") from error
    except (ValueError, OverflowError) as error:
        raise PoisonMessageError("not-an-event", "a CloudEvents header can't be read") from error
    if "\0" in event_id or "\0" in source:
        raise PoisonMessageError("not-an-event", "a CloudEvents header holds a NUL character")
    if time.tzinfo is None:
        raise PoisonMessageError("not-an-event", "ce_time has no offset")
    if time.year not in YEARS:
        raise PoisonMessageError("not-an-event", "ce_time is of no year of ours")
    return event_type, event_id, source, time


def traceparent_of(message: Message) -> str | None:
    """The span that the message was made in, if it says so."""
    return dict(message.headers).get(HEADER, b"").decode("latin-1") or None


def time_of(message: Message) -> datetime | None:
    """When the message's event became true, by the header alone; None for a tombstone, and for a header that can't be read."""
    header = dict(message.headers).get("ce_time", b"")
    try:
        time = datetime.fromisoformat(header.decode())
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def tombstone(topic: str, key: str) -> Outgoing:
    """The message that says that what the key names is gone."""
    return Outgoing(topic, key.encode(), None)


def as_cloudevent(event_id: str, source: str, event_type: str, time: datetime, data: Mapping[str, object]) -> dict[str, object]:
    """The same event in CloudEvents' structured mode, as the feed and webhooks say it."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


def new_event_id() -> str:
    """An id for an event that happens only once; facts that can be arrived at again derive theirs (`shared.identifiers`)."""
    return str(uuid.uuid4())
