"""The events feed: what the relay has published, kept in its order for whoever asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.repository import feed
from shared.bus.interface import Outgoing
from shared.events.topics import CROSSINGS, RESPONSES

FEED_TOPICS: Final = frozenset({CROSSINGS.name, RESPONSES.name})


class _OfSchool(Struct):
    school: str


_decoder = msgspec.json.Decoder(_OfSchool)


async def archive(connection: AsyncConnection, messages: Sequence[Outgoing]) -> None:
    """Adds published crossings and responses to the feed, in the relay's transaction."""
    rows = []
    for message in messages:
        if message.topic not in FEED_TOPICS or message.value is None:
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
