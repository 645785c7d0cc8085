"""Events of the feed as they are sent, encoded once for all readers.

A reader asks the database which events are behind its cursor and of its schools; their bytes are the same for everybody and stay in memory
for a while. An event that retention has dropped is in no such answer, so it is not sent from memory. After a restore, an event that was
said anew is another one.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from fastapi.sse import format_sse_event
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import cloudevent_of
from services.thresholds.feed.cursors import Cursor, Event
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Child

MOST: Final = 20_000
"""Events in memory, of about a kilobyte each in both forms: a morning's, for readers who are minutes behind."""

_encoder = msgspec.json.Encoder()


class _Whose(msgspec.Struct):
    school: str
    student: str | None = None


_decoder = msgspec.json.Decoder(_Whose)


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """An event, the cursor behind it, and the student it is about, if it is about one. `item` is its JSON, `sse` its piece of a stream."""

    cursor: Cursor
    school: str
    student: str | None
    item: bytes
    sse: bytes


class EncodedEvents:
    """The events that were sent last by this process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._events: OrderedDict[Event, EncodedEvent] = OrderedDict()

    async def of(self, connection: AsyncConnection, events: Sequence[Event]) -> list[EncodedEvent]:
        """These events, in their order; without those that have been dropped since they were looked up."""
        missing = [event.position for event in events if event not in self._events]
        read = [_encoded(row) for row in await feed.at(connection, missing)] if missing else []
        self._events.update(read)
        encoded = [found for event in events if (found := self._events.get(event)) is not None]
        while len(self._events) > self._most:
            self._events.popitem(last=False)
        return encoded


async def named(connection: AsyncConnection, events: Sequence[EncodedEvent]) -> Sequence[EncodedEvent]:
    """The events as they are sent now, students named by what their keys are today: a reader looks them up by what the event says."""
    names = await key_holders.outward_of(connection, {event.school for event in events}) if events else {}
    return [_called(event, names) for event in events] if names else events


def _called(event: EncodedEvent, names: Mapping[Child, str]) -> EncodedEvent:
    """The event as it is sent, its student named as the school does. The audit log has the engine's key."""
    name = None if event.student is None else names.get((event.school, event.student))
    if name is None:
        return event
    said = msgspec.json.decode(event.item)
    said["data"]["student"] = name
    item = _encoder.encode(said)
    return replace(event, item=item, sse=format_sse_event(id=str(event.cursor), event=said["type"], data_str=item.decode()))


def _encoded(row: RowMapping) -> tuple[Event, EncodedEvent]:
    event = Event(row["position"], row["event_id"], row["time"])
    cursor = Cursor.of(event)
    item = _encoder.encode(cloudevent_of(row))
    about = _decoder.decode(row["data"])
    sse = format_sse_event(id=str(cursor), event=row["event_type"], data_str=item.decode())
    return event, EncodedEvent(cursor, about.school, about.student, item, sse)
