"""The events feed: what the relay has published, kept in its order for whoever asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed import repository as feed
from shared.bus.interface import Outgoing
from shared.events.catalogue import PARTNER_EVENTS, THRESHOLD_APPROACHING
from shared.events.envelope import as_cloudevent
from shared.events.topics import CROSSINGS

FEED_EVENTS: Final = frozenset(event.name.encode() for event in PARTNER_EVENTS if event is not THRESHOLD_APPROACHING)
"""Approaches go to those who subscribe to them: the feed gives all that it has to everybody, and its readers know no such event."""

# As long as the topics keep them: the feed and the topics hold the same events.
assert CROSSINGS.retention is not None
FEED_KEPT_FOR: Final = CROSSINGS.retention


class _OfSchool(Struct):
    school: str


_decoder = msgspec.json.Decoder(_OfSchool)


async def archive(connection: AsyncConnection, messages: Sequence[Outgoing]) -> None:
    """Adds what was published and partners may hear to the feed, in the relay's transaction."""
    rows = []
    for message in messages:
        if message.value is None or dict(message.headers).get("ce_type") not in FEED_EVENTS:
            continue
        headers = {name: value.decode() for name, value in message.headers}
        rows.append(
            {
                "event_id": headers["ce_id"],
                "event_type": headers["ce_type"],
                "source": headers["ce_source"],
                "school": _decoder.decode(message.value).school,
                "time": datetime.fromisoformat(headers["ce_time"]),
                "data": message.value.decode(),
            }
        )
    if rows:
        await feed.append(connection, rows)


def cloudevent_of(row: RowMapping) -> dict[str, object]:
    """An event of the feed as partners read it, with its data as it was published."""
    data: Any = Raw(row["data"].encode())
    return as_cloudevent(row["event_id"], row["source"], row["event_type"], row["time"], data)
