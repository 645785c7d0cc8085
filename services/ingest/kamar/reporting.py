"""Says what could not be applied: rows for the school to read, and one event for each document and reason."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.repository import refusals as refusals_repository
from shared.events.catalogue import DEAD_LETTERED
from shared.events.data import DeadLettered
from shared.events.envelope import Event
from shared.identifiers import kamar_event_id
from shared.outbox import repository as outbox
from shared.telemetry import metrics

SERVICE: Final = "ingest"
TOPIC: Final = "kamar"


async def report(connection: AsyncConnection, document: uuid.UUID, school: str, refusals: Refusals, now: datetime) -> None:
    """Keeps and announces the refusals of a document that is done with, in the caller's transaction."""
    await refusals_repository.add(connection, school, document, refusals.take(), now)
    await announce(connection, document, school, refusals.totals, now)


async def announce(connection: AsyncConnection, document: uuid.UUID, school: str, totals: Mapping[str, int], now: datetime) -> None:
    """Says once for each reason how much of the document was not applied."""
    events = []
    for reason, count in totals.items():
        letter = kamar_event_id(document, "refused", reason)
        data = DeadLettered(
            dead_letter_id=letter, service=SERVICE, topic=TOPIC, partition=0, offset=0, reason=reason, count=count, school=school
        )
        events.append(Event(DEAD_LETTERED, str(letter), "/ingest", now, f"{TOPIC}/0", data).encode())
        metrics.DEAD_LETTERS.labels(SERVICE, reason).inc(count)
    await outbox.add(connection, events)
