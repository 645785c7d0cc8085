"""Says that letters went, and that they came back, in the transaction that keeps it: facts, and a digest of the words."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.catalogue import LETTER_CAME_BACK, LETTER_SENT
from shared.events.data import LetterCameBack, LetterSent
from shared.events.envelope import Event, new_event_id
from shared.outbox import repository as outbox


async def say_sent(connection: AsyncConnection, deliveries: Collection[UUID], now: datetime) -> None:
    """Says that deliveries went out; one that came back meanwhile says that, too."""
    rows = await connection.execute(
        text(
            """
            SELECT d.id AS delivery_id, d.letter_id, l.school, c.student, l.student_id, l.term,
                l.threshold, l.occasion, d.channel, d.corrects, d.body_text, d.sent_at, d.bounced_at
            FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term)
            WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id
            """
        ),
        {"ids": list(deliveries)},
    )
    events = []
    for row in rows.mappings():
        fields = dict(row)
        words, came_back_at = fields.pop("body_text"), fields.pop("bounced_at")
        data = LetterSent(**fields, digest=hashlib.sha256((words or "").encode()).hexdigest())
        events.append(Event(LETTER_SENT, new_event_id(), "/notifier", now, str(data.student_id), data))
        if came_back_at is not None:
            events.append(_came_back(data.delivery_id, data.school, data.student_id, came_back_at, now))
    await outbox.add(connection, [event.encode() for event in events])


async def say_came_back(connection: AsyncConnection, delivery: UUID, school: str, student_id: UUID, now: datetime) -> None:
    """Says that a delivery which had gone out came back."""
    await outbox.add(connection, [_came_back(delivery, school, student_id, now, now).encode()])


def _came_back(delivery: UUID, school: str, student_id: UUID, at: datetime, now: datetime) -> Event:
    data = LetterCameBack(delivery_id=delivery, school=school, student_id=student_id, came_back_at=at)
    return Event(LETTER_CAME_BACK, new_event_id(), "/notifier", now, str(student_id), data)
