"""Deliveries: SQL. A letter to one address is one delivery, whose id is its work item's id too."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.delivery import Delivery, DeliveryKey, DueDelivery, KeptBack, Told, Withdrawal
from services.notifier.delivery.deliveries.resending import Resend
from services.notifier.delivery.transports.interface import Parcel
from shared.worklist import repository as worklist

WORK_KIND = "delivery"

_encoder = msgspec.json.Encoder()


_KEY = """
    SELECT d.id, d.letter_id, l.student_id, l.term, l.school, d.channel, d.recipient, d.status
    FROM deliveries d JOIN letters l ON l.id = d.letter_id
"""


async def add(
    connection: AsyncConnection,
    letter_id: uuid.UUID,
    parcel: Parcel,
    told: Told,
    *,
    corrects: uuid.UUID | None = None,
    due_at: datetime | None = None,
    asked_by: str | None = None,
    asked_because: str | None = None,
) -> None:
    """Keeps what is to be sent, as every attempt will send it while that is so, and puts it on the worklist; due now, or then.

    With `corrects` it takes back the words of that delivery.
    """
    await connection.execute(
        text(
            """
            INSERT INTO deliveries
                (id, letter_id, channel, status, recipient, sender_name, reply_to, subject, body_text, body_html, message_id, created_at,
                 standing, told, corrects, asked_by, asked_because)
            VALUES
                (:id, :letter_id, :channel, 'waiting', :recipient, :sender_name, :reply_to, nullif(:subject, ''), :text, nullif(:html, ''),
                 :message_id, :now, :standing, CAST(:told AS jsonb), :corrects, :asked_by, :asked_because)
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
            "standing": told.standing,
            "told": _days(told),
            "corrects": corrects,
            "asked_by": asked_by,
            "asked_because": asked_because,
        },
    )
    await worklist.add(connection, WORK_KIND, parcel.id, due_at or parcel.written_at, parcel.written_at)


async def rewrite(connection: AsyncConnection, parcel: Parcel, told: Told) -> None:
    """Puts other words into a delivery that waits: what it told has changed."""
    await connection.execute(
        text(
            """
            UPDATE deliveries SET subject = nullif(:subject, ''), body_text = :text, body_html = nullif(:html, ''),
                standing = :standing, told = CAST(:told AS jsonb)
            WHERE id = :id AND status = 'waiting'
            """
        ),
        {
            "id": parcel.id,
            "subject": parcel.subject,
            "text": parcel.text,
            "html": parcel.html,
            "standing": told.standing,
            "told": _days(told),
        },
    )


async def lock(connection: AsyncConnection, delivery_id: uuid.UUID) -> DeliveryKey:
    """A delivery, whose case is locked until the transaction ends: nobody else changes it, its letter or its siblings meanwhile.

    Raises NoResultFound for a delivery that does not exist.
    """
    await connection.execute(
        text(
            """
            SELECT FROM cases c JOIN letters l USING (student_id, term) JOIN deliveries d ON d.letter_id = l.id
            WHERE d.id = :id FOR NO KEY UPDATE OF c
            """
        ),
        {"id": delivery_id},
    )
    row = (await connection.execute(text(_KEY + "WHERE d.id = :id"), {"id": delivery_id})).one()
    return DeliveryKey(*row)


async def find(connection: AsyncConnection, *, delivery_id: uuid.UUID | None = None, message_id: str | None = None) -> DeliveryKey | None:
    """A delivery by its id or its Message-ID; None for one that does not exist."""
    row = (
        await connection.execute(
            text(_KEY + "WHERE d.id = CAST(:id AS uuid) OR d.message_id = CAST(:message_id AS text)"),
            {"id": delivery_id, "message_id": message_id},
        )
    ).first()
    return None if row is None else DeliveryKey(*row)


async def to_send(connection: AsyncConnection, delivery_id: uuid.UUID) -> DueDelivery | None:
    """The parcel to send; None when it was settled, or its letter withdrawn. A correction goes also when its letter was."""
    row = (
        await connection.execute(
            text(
                """
                SELECT d.*, l.school, l.student_id, d.standing < c.standing AS is_stale
                FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term)
                WHERE d.id = :id AND d.status = 'waiting' AND d.recipient IS NOT NULL AND d.body_text IS NOT NULL
                    AND (l.withdrawn IS NULL OR (d.corrects IS NOT NULL AND l.withdrawn = 'retracted'))
                """
            ),
            {"id": delivery_id},
        )
    ).one_or_none()
    if row is None:
        return None
    parcel = Parcel(
        id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        sender_name=row.sender_name,
        reply_to=row.reply_to,
        subject=row.subject or "",
        text=row.body_text,
        html=row.body_html or "",
        message_id=row.message_id,
        written_at=row.created_at,
    )
    return DueDelivery(parcel, row.school, row.student_id, row.refusals, bool(row.is_stale))


async def waiting_of(connection: AsyncConnection, letter_id: uuid.UUID, reason: Withdrawal) -> Sequence[uuid.UUID]:
    """The deliveries of a letter that have not been settled, and that a withdrawal for this reason ends."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM deliveries
            WHERE letter_id = :letter_id AND status = 'waiting' AND (corrects IS NULL OR :reason = 'student-left') ORDER BY id
            """
        ),
        {"letter_id": letter_id, "reason": reason},
    )
    return [row.id for row in rows]


async def refused(connection: AsyncConnection, delivery_id: uuid.UUID) -> None:
    """The other side turned it away for now."""
    await connection.execute(
        text("UPDATE deliveries SET refusals = refusals + 1 WHERE id = :id AND status = 'waiting'"), {"id": delivery_id}
    )


async def sent(connection: AsyncConnection, delivery_id: uuid.UUID, now: datetime) -> bool:
    """It went out; False when it had been settled before. A report that it came back can be here already."""
    settled = await connection.execute(
        text(
            """
            UPDATE deliveries d SET sent_at = :now, status = CASE WHEN b.status IS NULL THEN 'sent' ELSE 'bounced' END,
                bounced_at = CASE WHEN b.status IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END, reason = b.status
            FROM (SELECT min(status) AS status FROM bounces WHERE delivery_id = :id AND kind IN ('hard', 'soft', 'policy')) b
            WHERE d.id = :id AND d.status = 'waiting'
            """
        ),
        {"id": delivery_id, "now": now},
    )
    return settled.rowcount == 1


async def failed(connection: AsyncConnection, delivery_id: uuid.UUID, reason: str) -> bool:
    """It will not go out; False when it had been settled before."""
    return await _settle(connection, delivery_id, "failed", reason)


async def cancelled(connection: AsyncConnection, delivery_id: uuid.UUID, reason: Withdrawal | KeptBack) -> bool:
    """It must not go out any more; False when it had been settled before."""
    return await _settle(connection, delivery_id, "cancelled", reason)


async def cancelled_by(connection: AsyncConnection, delivery_id: uuid.UUID, by: str, because: str | None) -> bool:
    """A person does not want it to go out; False when it had been settled before."""
    settled = await connection.execute(
        text(
            """
            UPDATE deliveries SET status = 'cancelled', reason = 'by-staff', asked_by = :by, asked_because = :because
            WHERE id = :id AND status = 'waiting'
            """
        ),
        {"id": delivery_id, "by": by, "because": because},
    )
    return settled.rowcount == 1


async def bounced(connection: AsyncConnection, delivery_id: uuid.UUID, reason: str, now: datetime) -> bool:
    """It went out, and came back; False when it was not out, or had come back before."""
    settled = await connection.execute(
        text("UPDATE deliveries SET status = 'bounced', bounced_at = :now, reason = :reason WHERE id = :id AND status = 'sent'"),
        {"id": delivery_id, "reason": reason, "now": now},
    )
    return settled.rowcount == 1


async def withdrawal_of(connection: AsyncConnection, delivery_id: uuid.UUID) -> Withdrawal | None:
    """Why the delivery's letter was withdrawn; None when it was not."""
    reason: Withdrawal | None = (
        await connection.execute(
            text(
                """
                SELECT l.withdrawn FROM deliveries d JOIN letters l ON l.id = d.letter_id
                WHERE d.id = :id AND (d.corrects IS NULL OR l.withdrawn = 'student-left')
                """
            ),
            {"id": delivery_id},
        )
    ).scalar()
    return reason


async def get(connection: AsyncConnection, delivery_id: uuid.UUID) -> Delivery | None:
    """A delivery with the letter as it was sent, and whether its crossing still stands; None for one that does not exist."""
    row = (
        await connection.execute(
            text(
                """
                SELECT d.id, l.school, d.status, d.recipient, d.body_text, d.body_html, d.message_id, d.resend_of,
                    d.asked_by, d.asked_because, d.erased_at,
                    l.withdrawn IS NULL AND EXISTS (
                        SELECT FROM crossings x
                        WHERE x.student_id = l.student_id AND x.term = l.term AND x.threshold = l.threshold
                            AND x.letter_id = l.id AND x.state = 'lettered'
                    ) AS stands,
                    (SELECT count(*) FROM deliveries r WHERE r.resend_of = coalesce(d.resend_of, d.id)) AS resends,
                    EXISTS (
                        SELECT FROM deliveries r
                        WHERE r.resend_of = coalesce(d.resend_of, d.id) AND r.status = 'waiting'
                    ) AS is_being_resent
                FROM deliveries d JOIN letters l ON l.id = d.letter_id
                WHERE d.id = :id
                """
            ),
            {"id": delivery_id},
        )
    ).one_or_none()
    return None if row is None else Delivery(*row)


async def add_resend(connection: AsyncConnection, delivery_id: uuid.UUID, resend: Resend, *, by: str, reason: str, now: datetime) -> None:
    """Another delivery of the same letter to the same address, because a person asked for it."""
    await connection.execute(
        text(
            """
            INSERT INTO deliveries
                (id, letter_id, channel, status, recipient, sender_name, reply_to, subject, body_text, body_html, message_id,
                 template_language, template_version, standing, told, created_at, resend_of, resend_number, asked_by, asked_because)
            SELECT :new_id, letter_id, channel, 'waiting', recipient, sender_name, reply_to, subject, body_text, body_html, :message_id,
                template_language, template_version, standing, told, :now, coalesce(resend_of, id), :number, :by, :reason
            FROM deliveries WHERE id = :id
            """
        ),
        {
            "id": delivery_id,
            "new_id": resend.id,
            "message_id": resend.message_id,
            "number": resend.number,
            "by": by,
            "reason": reason,
            "now": now,
        },
    )
    await worklist.add(connection, WORK_KIND, resend.id, now, now)


async def erase_of_students(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> None:
    """Forgets the words and addresses of all that these students' families were sent."""
    if not student_ids:
        return
    await connection.execute(
        text(
            """
            UPDATE deliveries d SET recipient = NULL, subject = NULL, body_text = NULL, body_html = NULL, told = NULL
            FROM letters l WHERE l.id = d.letter_id AND l.student_id = ANY(CAST(:student_ids AS uuid[]))
            """
        ),
        {"student_ids": sorted(student_ids)},
    )


async def erase_before(connection: AsyncConnection, moment: datetime, now: datetime, most: int) -> int:
    """Forgets words, addresses and attempts of settled deliveries that were written before a moment; answers how many."""
    erased = await connection.execute(
        text(
            """
            WITH old AS (
                SELECT id FROM deliveries
                WHERE erased_at IS NULL AND status <> 'waiting' AND created_at < :moment ORDER BY created_at LIMIT :most
                FOR UPDATE SKIP LOCKED
            ), worked AS (
                DELETE FROM work w USING old WHERE w.id = old.id
            )
            UPDATE deliveries d
            SET recipient = NULL, reply_to = NULL, subject = NULL, body_text = NULL, body_html = NULL, told = NULL, erased_at = :now
            FROM old WHERE d.id = old.id
            """
        ),
        {"moment": moment, "now": now, "most": most},
    )
    return erased.rowcount


async def _settle(connection: AsyncConnection, delivery_id: uuid.UUID, status: str, reason: str) -> bool:
    settled = await connection.execute(
        text("UPDATE deliveries SET status = :status, reason = :reason WHERE id = :id AND status = 'waiting'"),
        {"id": delivery_id, "status": status, "reason": reason},
    )
    return settled.rowcount == 1


def _days(told: Told) -> str | None:
    """The days as JSON; None where they are not known: nothing can be held against them then."""
    return _encoder.encode(told.absent_on).decode() if told.absent_on else None
