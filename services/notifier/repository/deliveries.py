"""Deliveries: SQL. A letter to one address is one delivery, whose id is its work item's id too."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters import Withdrawal
from services.notifier.transports.interface import Parcel
from shared.worklist import repository as worklist

WORK_KIND = "delivery"


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """A delivery, its letter, and the case they belong to."""

    id: uuid.UUID
    letter_id: uuid.UUID
    student_id: uuid.UUID
    term: str


async def add(connection: AsyncConnection, letter_id: uuid.UUID, parcel: Parcel) -> None:
    """Keeps what is to be sent, exactly as every attempt will send it, and puts it on the worklist."""
    await connection.execute(
        text(
            """
            INSERT INTO deliveries
                (id, letter_id, channel, status, recipient, sender_name, reply_to, subject, body_text, body_html, message_id, created_at)
            VALUES
                (:id, :letter_id, :channel, 'waiting', :recipient, :sender_name, :reply_to, :subject, :text, :html, :message_id, :now)
            """
        ),
        {
            "id": parcel.id,
            "letter_id": letter_id,
            "channel": parcel.channel,
            "recipient": parcel.recipient,
            "sender_name": parcel.sender_name,
            "reply_to": parcel.reply_to,
            "subject": parcel.subject,
            "text": parcel.text,
            "html": parcel.html,
            "message_id": parcel.message_id,
            "now": parcel.written_at,
        },
    )
    await worklist.add(connection, WORK_KIND, parcel.id, parcel.written_at, parcel.written_at)


async def key_of(connection: AsyncConnection, delivery_id: uuid.UUID) -> DeliveryKey:
    """Where a delivery belongs."""
    row = (
        await connection.execute(
            text(
                """
                SELECT d.id, d.letter_id, l.student_id, l.term FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE d.id = :id
                """
            ),
            {"id": delivery_id},
        )
    ).one()
    return DeliveryKey(row.id, row.letter_id, row.student_id, row.term)


async def to_send(connection: AsyncConnection, delivery_id: uuid.UUID) -> Parcel | None:
    """What is to be sent; None when it was settled, or its letter withdrawn."""
    row = (
        await connection.execute(
            text(
                """
                SELECT d.* FROM deliveries d JOIN letters l ON l.id = d.letter_id
                WHERE d.id = :id AND d.status = 'waiting' AND l.withdrawn IS NULL
                """
            ),
            {"id": delivery_id},
        )
    ).one_or_none()
    if row is None:
        return None
    return Parcel(
        id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        sender_name=row.sender_name,
        reply_to=row.reply_to,
        subject=row.subject,
        text=row.body_text,
        html=row.body_html,
        message_id=row.message_id,
        written_at=row.created_at,
    )


async def waiting_of(connection: AsyncConnection, letter_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The deliveries of a letter that have not been settled."""
    rows = await connection.execute(
        text("SELECT id FROM deliveries WHERE letter_id = :letter_id AND status = 'waiting' ORDER BY id"), {"letter_id": letter_id}
    )
    return [row.id for row in rows]


async def sent(connection: AsyncConnection, delivery_id: uuid.UUID, now: datetime) -> bool:
    """It went out; False when it had been settled before."""
    return await _settle(connection, delivery_id, "sent", None, now)


async def failed(connection: AsyncConnection, delivery_id: uuid.UUID, reason: str) -> bool:
    """It will not go out; False when it had been settled before."""
    return await _settle(connection, delivery_id, "failed", reason, None)


async def cancelled(connection: AsyncConnection, delivery_id: uuid.UUID, reason: Withdrawal) -> bool:
    """It must not go out any more; False when it had been settled before."""
    return await _settle(connection, delivery_id, "cancelled", reason, None)


async def withdrawal_of(connection: AsyncConnection, delivery_id: uuid.UUID) -> Withdrawal | None:
    """Why the delivery's letter was withdrawn; None when it was not."""
    reason: Withdrawal | None = (
        await connection.execute(
            text("SELECT l.withdrawn FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE d.id = :id"), {"id": delivery_id}
        )
    ).scalar()
    return reason


async def _settle(connection: AsyncConnection, delivery_id: uuid.UUID, status: str, reason: str | None, sent_at: datetime | None) -> bool:
    settled = await connection.execute(
        text("UPDATE deliveries SET status = :status, reason = :reason, sent_at = :sent_at WHERE id = :id AND status = 'waiting'"),
        {"id": delivery_id, "status": status, "reason": reason, "sent_at": sent_at},
    )
    return settled.rowcount == 1
