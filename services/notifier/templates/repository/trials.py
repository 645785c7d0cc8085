"""Letters sent on trial: SQL. They are no letters of a student's, and are counted nowhere among those."""

import uuid
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.transports.interface import Parcel
from services.notifier.templates.letter_kinds import LetterKind, number_of
from shared.identifiers import lock_key
from shared.worklist import repository as worklist

WORK_KIND = "trial"

TrialStatus = Literal["waiting", "sent", "failed"]


async def lock(connection: AsyncConnection, school: str) -> None:
    """Lets others of the school who send one wait until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("trial", school)})


async def between(connection: AsyncConnection, school: str, since: datetime, now: datetime) -> list[datetime]:
    """When the school's trials of a time were asked for, oldest first."""
    rows = await connection.execute(
        text("SELECT created_at FROM trials WHERE school = :school AND created_at > :since AND created_at <= :now ORDER BY created_at"),
        {"school": school, "since": since, "now": now},
    )
    return [row.created_at for row in rows]


async def caregivers_addresses(connection: AsyncConnection, school: str, domain: str) -> list[str]:
    """The addresses in a domain that the school's caregivers have."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT caregiver ->> 'email' AS email
            FROM contacts, jsonb_array_elements(caregivers) AS caregiver
            WHERE school = :school AND lower(caregiver ->> 'email') LIKE '%@' || lower(:domain)
            """
        ),
        {"school": school, "domain": domain.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")},
    )
    return [row.email for row in rows]


async def add(connection: AsyncConnection, school: str, kind: LetterKind, parcel: Parcel, asked_by: str) -> None:
    """Keeps what is to be sent, and puts it on the worklist."""
    await connection.execute(
        text(
            """
            INSERT INTO trials
                (id, school, threshold, status, recipient, sender_name, subject, body_text, body_html, message_id, asked_by, created_at)
            VALUES (:id, :school, :threshold, 'waiting', :recipient, :sender_name, :subject, :text, :html, :message_id, :asked_by, :now)
            """
        ),
        {
            "id": parcel.id,
            "school": school,
            "threshold": number_of(kind),
            "recipient": parcel.recipient,
            "sender_name": parcel.sender_name,
            "subject": parcel.subject,
            "text": parcel.text,
            "html": parcel.html,
            "message_id": parcel.message_id,
            "asked_by": asked_by,
            "now": parcel.written_at,
        },
    )
    await worklist.add(connection, WORK_KIND, parcel.id, parcel.written_at, parcel.written_at)


async def status_of(connection: AsyncConnection, trial: uuid.UUID) -> TrialStatus | None:
    """The state of a test letter; None for one that nobody asked for."""
    status: TrialStatus | None = (
        await connection.execute(text("SELECT status FROM trials WHERE id = :id"), {"id": trial})
    ).scalar_one_or_none()
    return status


async def to_send(connection: AsyncConnection, trial: uuid.UUID) -> Parcel | None:
    """The test letter to send; None when it was settled."""
    row = (await connection.execute(text("SELECT * FROM trials WHERE id = :id AND status = 'waiting'"), {"id": trial})).one_or_none()
    if row is None:
        return None
    return Parcel(
        id=row.id,
        channel="email",
        recipient=row.recipient,
        sender_name=row.sender_name,
        reply_to=None,
        subject=row.subject,
        text=row.body_text,
        html=row.body_html,
        message_id=row.message_id,
        written_at=row.created_at,
    )


async def settle(connection: AsyncConnection, trial: uuid.UUID, *, sent_at: datetime | None, reason: str | None) -> bool:
    """It went out, or never will: the words and the address go, and the count of it stays. False when it had been settled before."""
    settled = await connection.execute(
        text(
            """
            UPDATE trials SET status = :status, sent_at = :sent_at, reason = :reason,
                recipient = NULL, subject = NULL, body_text = NULL, body_html = NULL
            WHERE id = :id AND status = 'waiting'
            """
        ),
        {"id": trial, "status": "failed" if sent_at is None else "sent", "sent_at": sent_at, "reason": reason},
    )
    return settled.rowcount == 1


async def forget_settled_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` letters to schools themselves that were settled, from before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM trials WHERE id IN (
                SELECT id FROM trials WHERE created_at < :moment AND status <> 'waiting' LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
