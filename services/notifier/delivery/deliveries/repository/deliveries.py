"""Deliveries: SQL. A letter to one address is one delivery, whose id is its work item's id too."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.delivery import Delivery, DeliveryKey, DueDelivery, KeptBack, Told, Withdrawal
from services.notifier.delivery.deliveries.resending import Resend
from services.notifier.delivery.transports.interface import Parcel
from shared.worklist import repository as worklist
from shared.worklist.repository import share_of

WORK_KIND = "delivery"

_encoder = msgspec.json.Encoder()


_KEY = """
    SELECT d.id, d.letter_id, l.student_id, l.term, l.school, d.channel, d.recipient, d.status
    FROM deliveries d JOIN letters l ON l.id = d.letter_id
"""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A letter to one address that is to be sent, and the template it was written from: no version means the house's words.

    With `corrects` it takes back the words of that delivery, because a person (`asked_by`) wanted it. Those of one `envelope` go in one
    e-mail as far as they can.
    """

    letter_id: uuid.UUID
    school: str
    parcel: Parcel
    told: Told
    template_language: str | None = None
    template_version: int | None = None
    corrects: uuid.UUID | None = None
    due_at: datetime | None = None
    asked_by: str | None = None
    asked_because: str | None = None
    envelope: uuid.UUID | None = None


async def add(connection: AsyncConnection, new: Sequence[NewDelivery], now: datetime) -> None:
    """Keeps what is to be sent, as every attempt will send it while that is so, and puts it on the worklist; due now, or then. A letter on
    paper is on no worklist: it waits until a person prints and posts it."""
    if not new:
        return
    await connection.execute(
        text(
            """
            INSERT INTO deliveries
                (id, letter_id, channel, status, recipient, sender_name, reply_to, subject, body_text, body_html, message_id, created_at,
                 standing, told, corrects, asked_by, asked_because, template_language, template_version, envelope)
            SELECT id, letter_id, channel, 'waiting', recipient, sender_name, reply_to, nullif(subject, ''), body_text,
                nullif(body_html, ''), message_id, created_at, standing, CAST(told AS jsonb), corrects, asked_by, asked_because,
                template_language, template_version, envelope
            FROM unnest(
                CAST(:ids AS uuid[]), CAST(:letter_ids AS uuid[]), CAST(:channels AS text[]), CAST(:recipients AS text[]),
                CAST(:sender_names AS text[]), CAST(:reply_tos AS text[]), CAST(:subjects AS text[]), CAST(:texts AS text[]),
                CAST(:htmls AS text[]), CAST(:message_ids AS text[]), CAST(:created_ats AS timestamptz[]), CAST(:standings AS int[]),
                CAST(:tolds AS text[]), CAST(:corrects AS uuid[]), CAST(:asked_bys AS text[]), CAST(:asked_becauses AS text[]),
                CAST(:languages AS text[]), CAST(:versions AS int[]), CAST(:envelopes AS uuid[])
            ) AS n(id, letter_id, channel, recipient, sender_name, reply_to, subject, body_text, body_html, message_id, created_at,
                standing, told, corrects, asked_by, asked_because, template_language, template_version, envelope)
            """
        ),
        {
            "ids": [one.parcel.id for one in new],
            "letter_ids": [one.letter_id for one in new],
            "channels": [one.parcel.channel for one in new],
            "recipients": [one.parcel.recipient for one in new],
            "sender_names": [one.parcel.sender_name for one in new],
            "reply_tos": [one.parcel.reply_to for one in new],
            "subjects": [one.parcel.subject for one in new],
            "texts": [one.parcel.text for one in new],
            "htmls": [one.parcel.html for one in new],
            "message_ids": [one.parcel.message_id for one in new],
            "created_ats": [one.parcel.written_at for one in new],
            "standings": [one.told.standing for one in new],
            "tolds": [_days(one.told) for one in new],
            "corrects": [one.corrects for one in new],
            "asked_bys": [one.asked_by for one in new],
            "asked_becauses": [one.asked_because for one in new],
            "languages": [one.template_language for one in new],
            "versions": [one.template_version for one in new],
            "envelopes": [one.envelope for one in new],
        },
    )
    by_itself = [one for one in new if one.parcel.channel != "paper"]
    due = {one.parcel.id: one.due_at or one.parcel.written_at for one in by_itself}
    await worklist.add_new(connection, WORK_KIND, due, now, {one.parcel.id: share_of(one.school) for one in by_itself})


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
    locked = await lock_all(connection, [delivery_id])
    if delivery_id not in locked:
        raise NoResultFound
    return locked[delivery_id]


async def lock_all(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, DeliveryKey]:
    """Those of the deliveries that exist, with their cases locked, as `lock` does for one."""
    await connection.execute(
        text(
            """
            SELECT FROM cases c
            WHERE (student_id, term) IN (
                SELECT l.student_id, l.term FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE d.id = ANY(CAST(:ids AS uuid[]))
            )
            ORDER BY student_id, term FOR NO KEY UPDATE
            """
        ),
        {"ids": list(delivery_ids)},
    )
    rows = await connection.execute(text(_KEY + "WHERE d.id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(delivery_ids)})
    return {row.id: DeliveryKey(*row) for row in rows}


async def find(connection: AsyncConnection, *, delivery_id: uuid.UUID | None = None, message_id: str | None = None) -> DeliveryKey | None:
    """A delivery by its id or its Message-ID; None for one that does not exist."""
    row = (
        await connection.execute(
            text(_KEY + "WHERE d.id = CAST(:id AS uuid) OR d.message_id = CAST(:message_id AS text)"),
            {"id": delivery_id, "message_id": message_id},
        )
    ).first()
    return None if row is None else DeliveryKey(*row)


async def to_send(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, DueDelivery]:
    """The parcels to send; none of a delivery that was settled, or whose letter was withdrawn. A correction goes even then."""
    rows = await connection.execute(
        text(
            """
            SELECT d.*, l.school, l.student_id, l.occasion, c.term, d.standing < c.standing AS is_stale
            FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term)
            WHERE d.id = ANY(CAST(:ids AS uuid[])) AND d.status = 'waiting' AND d.recipient IS NOT NULL AND d.body_text IS NOT NULL
                AND (l.withdrawn IS NULL OR (d.corrects IS NOT NULL AND l.withdrawn = 'retracted'))
            """
        ),
        {"ids": list(delivery_ids)},
    )
    return {
        row.id: DueDelivery(
            _parcel(row), row.school, row.student_id, row.refusals, bool(row.is_stale), row.term, row.occasion, row.envelope
        )
        for row in rows
    }


async def in_envelope(connection: AsyncConnection, envelope: uuid.UUID) -> list[uuid.UUID]:
    """The deliveries of an envelope that wait, and have an attempt to come: the first one takes the others along."""
    rows = await connection.execute(
        text(
            """
            SELECT d.id FROM deliveries d JOIN work w USING (id)
            WHERE d.envelope = :envelope AND d.status = 'waiting' AND w.state IN ('waiting', 'leased') ORDER BY d.id
            """
        ),
        {"envelope": envelope},
    )
    return [row.id for row in rows]


async def of_one_envelope(connection: AsyncConnection, delivery_id: uuid.UUID) -> list[uuid.UUID]:
    """The delivery, and all that were written into its envelope, whatever became of them."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM deliveries
            WHERE id = :id OR envelope = (SELECT envelope FROM deliveries WHERE id = :id) ORDER BY id
            """
        ),
        {"id": delivery_id},
    )
    return [row.id for row in rows]


async def went_with(connection: AsyncConnection, first: uuid.UUID, others: Collection[uuid.UUID]) -> None:
    """These went in the e-mail of the first one."""
    await connection.execute(
        text("UPDATE deliveries SET sent_with = :first WHERE id = ANY(CAST(:others AS uuid[]))"), {"first": first, "others": list(others)}
    )


async def taken_along(connection: AsyncConnection, delivery_id: uuid.UUID) -> list[uuid.UUID]:
    """The deliveries that went in the e-mail of this one."""
    rows = await connection.execute(text("SELECT id FROM deliveries WHERE sent_with = :id ORDER BY id"), {"id": delivery_id})
    return [row.id for row in rows]


async def is_sent(connection: AsyncConnection, delivery_id: uuid.UUID) -> bool:
    """Whether it went out."""
    rows = await connection.execute(text("SELECT status IN ('sent', 'bounced') FROM deliveries WHERE id = :id"), {"id": delivery_id})
    return bool(rows.scalar_one_or_none())


def _parcel(row: Row[Any]) -> Parcel:
    return Parcel(
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


async def waiting_of(connection: AsyncConnection, letter_ids: Collection[uuid.UUID], reason: Withdrawal) -> Sequence[uuid.UUID]:
    """The deliveries of letters that have not been settled, and that a withdrawal for this reason ends."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM deliveries
            WHERE letter_id = ANY(CAST(:letter_ids AS uuid[])) AND status = 'waiting' AND (corrects IS NULL OR :reason = 'student-left')
            ORDER BY id
            """
        ),
        {"letter_ids": list(letter_ids), "reason": reason},
    )
    return [row.id for row in rows]


async def on_paper(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the deliveries that go on paper: nobody else is at them."""
    if not delivery_ids:
        return []
    rows = await connection.execute(
        text("SELECT id FROM deliveries WHERE id = ANY(CAST(:ids AS uuid[])) AND channel = 'paper'"), {"ids": list(delivery_ids)}
    )
    return [row.id for row in rows]


async def refused(connection: AsyncConnection, delivery_id: uuid.UUID) -> None:
    """The other side turned it away for now."""
    await connection.execute(
        text("UPDATE deliveries SET refusals = refusals + 1 WHERE id = :id AND status = 'waiting'"), {"id": delivery_id}
    )


async def sent(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID], now: datetime) -> list[uuid.UUID]:
    """They went out; answers those of them that had not been settled before. A report that one came back can be here already."""
    settled = await connection.execute(
        text(
            """
            UPDATE deliveries d SET sent_at = :now, status = CASE WHEN b.status IS NULL THEN 'sent' ELSE 'bounced' END,
                bounced_at = CASE WHEN b.status IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END, reason = b.status
            FROM (
                SELECT n.id, min(b.status) AS status FROM unnest(CAST(:ids AS uuid[])) AS n(id)
                LEFT JOIN bounces b ON b.delivery_id = n.id AND b.kind IN ('hard', 'soft', 'policy') GROUP BY n.id
            ) b
            WHERE d.id = b.id AND d.status = 'waiting'
            RETURNING d.id
            """
        ),
        {"ids": list(delivery_ids), "now": now},
    )
    return [row.id for row in settled]


async def crossed_at(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID]) -> list[datetime]:
    """When the newest crossing that each delivery's letter is about was published; none for corrections and what is sent again."""
    rows = await connection.execute(
        text(
            """
            SELECT max(coalesce(c.said_at, c.handled_at)) AS at
            FROM deliveries d JOIN letters l ON l.id = d.letter_id
                JOIN crossings c ON c.student_id = l.student_id AND c.term = l.term AND c.letter_id = l.id
            WHERE d.id = ANY(CAST(:ids AS uuid[])) AND d.corrects IS NULL AND d.resend_of IS NULL
            GROUP BY d.id
            """
        ),
        {"ids": list(delivery_ids)},
    )
    return [row.at for row in rows]


async def last_sent(connection: AsyncConnection) -> datetime | None:
    """When a delivery last went out."""
    rows = await connection.execute(
        text(
            """
            SELECT d.sent_at FROM work w JOIN deliveries d ON d.id = w.id
            WHERE w.kind = :kind AND w.settled_at IS NOT NULL AND d.sent_at IS NOT NULL ORDER BY w.settled_at DESC LIMIT 1
            """
        ),
        {"kind": WORK_KIND},
    )
    return rows.scalar_one_or_none()


async def failed(connection: AsyncConnection, delivery_id: uuid.UUID, reason: str) -> bool:
    """It will not go out; False when it had been settled before."""
    return await _settle(connection, [delivery_id], "failed", reason) == 1


async def cancelled(connection: AsyncConnection, delivery_id: uuid.UUID, reason: Withdrawal | KeptBack) -> bool:
    """It must not go out any more; False when it had been settled before."""
    return await _settle(connection, [delivery_id], "cancelled", reason) == 1


async def cancelled_all(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID], reason: Withdrawal) -> None:
    """They must not go out any more; those that had been settled before stay as they are."""
    await _settle(connection, delivery_ids, "cancelled", reason)


async def cancelled_by(connection: AsyncConnection, delivery_id: uuid.UUID, by: str, because: str | None, now: datetime) -> bool:
    """A person does not want it to go out; False when it had been settled before."""
    settled = await connection.execute(
        text(
            """
            UPDATE deliveries SET status = 'cancelled', reason = 'by-staff', asked_by = :by, asked_because = :because, asked_at = :now
            WHERE id = :id AND status = 'waiting'
            """
        ),
        {"id": delivery_id, "by": by, "because": because, "now": now},
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
                    d.asked_by, d.asked_because,
                    coalesce(d.asked_at, CASE WHEN d.asked_by IS NOT NULL AND d.status <> 'cancelled' THEN d.created_at END) AS asked_at,
                    d.reason, d.erased_at,
                    l.withdrawn IS NULL AND (l.occasion IS NOT NULL OR EXISTS (
                        SELECT FROM crossings x
                        WHERE x.student_id = l.student_id AND x.term = l.term AND x.threshold = l.threshold
                            AND x.letter_id = l.id AND x.state = 'lettered'
                    )) AS stands,
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


async def add_resend(
    connection: AsyncConnection, delivery_id: uuid.UUID, school: str, resend: Resend, *, by: str, reason: str, now: datetime
) -> None:
    """Another delivery of the same letter to the same address, because a person asked for it. One on paper waits to be printed."""
    added = await connection.execute(
        text(
            """
            INSERT INTO deliveries
                (id, letter_id, channel, status, recipient, sender_name, reply_to, subject, body_text, body_html, message_id,
                 template_language, template_version, standing, told, created_at, resend_of, resend_number, asked_by, asked_because)
            SELECT :new_id, letter_id, channel, 'waiting', recipient, sender_name, reply_to, subject, body_text, body_html, :message_id,
                template_language, template_version, standing, told, :now, coalesce(resend_of, id), :number, :by, :reason
            FROM deliveries WHERE id = :id
            RETURNING channel
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
    if added.scalar_one() != "paper":
        await worklist.add(connection, WORK_KIND, resend.id, now, now, share=share_of(school))


async def erase_of_students(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> int:
    """Forgets the words and addresses of all that these students' families were sent, and what staff said when they had it sent again or
    kept back; answers how many deliveries."""
    if not student_ids:
        return 0
    erased = await connection.execute(
        text(
            """
            UPDATE deliveries d
            SET recipient = NULL, subject = NULL, body_text = NULL, body_html = NULL, told = NULL, asked_because = NULL
            FROM letters l WHERE l.id = d.letter_id AND l.student_id = ANY(CAST(:student_ids AS uuid[]))
                AND (d.recipient IS NOT NULL OR d.subject IS NOT NULL OR d.body_text IS NOT NULL OR d.body_html IS NOT NULL
                    OR d.told IS NOT NULL OR d.asked_because IS NOT NULL)
            """
        ),
        {"student_ids": sorted(student_ids)},
    )
    return erased.rowcount


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


async def _settle(connection: AsyncConnection, delivery_ids: Collection[uuid.UUID], status: str, reason: str) -> int:
    settled = await connection.execute(
        text("UPDATE deliveries SET status = :status, reason = :reason WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'waiting'"),
        {"ids": list(delivery_ids), "status": status, "reason": reason},
    )
    return settled.rowcount


def _days(told: Told) -> str | None:
    """The days as JSON; None where they are not known: nothing can be held against them then."""
    return _encoder.encode(told.absent_on).decode() if told.absent_on else None
