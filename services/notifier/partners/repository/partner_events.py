"""The notifier's own copy of what partners may hear: SQL. It is what deliveries send, and what a replay reads."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """An event as it was published; `data` is its JSON, byte for byte."""

    event_id: str
    event_type: str
    source: str
    school: str
    time: datetime
    data: str


TEST_EVENT: Final = "nz.star.test.v1"
"""An event that one subscription gets because its owner asked for it: no topic has it, and no replay sends it again."""


def test_event(event_id: str, subscription_id: uuid.UUID, schools: Sequence[str] | None, now: datetime) -> PartnerEvent:
    """A test event for a subscription. It is about no school; the first of the subscription's stands for it here."""
    data = msgspec.json.encode({"subscription": str(subscription_id), "message": "This is a test. It is about no student."})
    return PartnerEvent(event_id, TEST_EVENT, "/notifier", schools[0] if schools else "*", now, data.decode())


async def add(connection: AsyncConnection, events: Sequence[PartnerEvent]) -> list[int]:
    """Keeps events in their order; answers the positions of those that were not kept already."""
    if not events:
        return []
    rows = await connection.execute(
        text(
            """
            INSERT INTO partner_events (event_id, event_type, source, school, time, data)
            SELECT event_id, event_type, source, school, time, data
            FROM unnest(
                CAST(:ids AS text[]), CAST(:types AS text[]), CAST(:sources AS text[]), CAST(:schools AS text[]),
                CAST(:times AS timestamptz[]), CAST(:data AS text[])
            ) WITH ORDINALITY AS event (event_id, event_type, source, school, time, data, place)
            ORDER BY place
            ON CONFLICT (event_id) DO NOTHING
            RETURNING position
            """
        ),
        {
            "ids": [event.event_id for event in events],
            "types": [event.event_type for event in events],
            "sources": [event.source for event in events],
            "schools": [event.school for event in events],
            "times": [event.time for event in events],
            "data": [event.data for event in events],
        },
    )
    return [row.position for row in rows]


async def position_of(connection: AsyncConnection, event_id: str, schools: Sequence[str] | None) -> int | None:
    """Where a kept event of these schools stands; None for one that is not kept, or another school's."""
    position: int | None = (
        await connection.execute(
            text(
                """
                SELECT position FROM partner_events
                WHERE event_id = :id AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
                """
            ),
            {"id": event_id, "schools": None if schools is None else list(schools)},
        )
    ).scalar()
    return position


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops events from before a moment, with their deliveries and the work on them; answers how many. Those being sent now stay."""
    forgotten = await connection.execute(
        text(
            """
            WITH old AS (
                SELECT e.position FROM partner_events e
                WHERE e.time < :moment AND NOT EXISTS (
                    SELECT FROM webhook_deliveries d JOIN work w ON w.id = d.id WHERE d.position = e.position AND w.state = 'leased'
                )
                ORDER BY e.time LIMIT :most FOR UPDATE OF e SKIP LOCKED
            ), worked AS (
                DELETE FROM work w USING webhook_deliveries d JOIN old ON old.position = d.position WHERE w.id = d.id
            )
            DELETE FROM partner_events e USING old WHERE e.position = old.position
            """
        ),
        {"moment": moment, "most": most},
    )
    return forgotten.rowcount
