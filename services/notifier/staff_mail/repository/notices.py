"""E-mails to staff: SQL. Their words are looked up when they go; here is what each is about, and what became of it.

A notice's id is its work item's id too.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.identifiers import notice_id
from shared.worklist import repository as worklist

WORK_KIND: Final = "notice"

NoticeKind = Literal["staff-copy", "digest", "plan-review", "release", "duties"]
NoticeStatus = Literal["waiting", "no-contact", "sent", "failed", "cancelled"]

GATHERING: Final = timedelta(minutes=1)
"""How long an alarm waits, so that it can name the number of a flood that is still coming in."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An e-mail to staff. `recipient` None: the school's contact at the time when it goes."""

    id: uuid.UUID
    kind: NoticeKind
    school: str
    recipient: str | None
    letter_id: uuid.UUID | None
    about: Mapping[str, Any]
    message_id: str
    created_at: datetime


async def add_staff_copy(
    connection: AsyncConnection, school: str, letter_id: uuid.UUID, recipient: str, message_id_domain: str, now: datetime
) -> bool:
    """A copy of a letter, for a member of staff."""
    id_ = notice_id("staff-copy", letter_id)
    return await _add(
        connection, Notice(id_, "staff-copy", school, recipient, letter_id, {}, _message_id(id_, message_id_domain), now), now
    )


async def add_digest(
    connection: AsyncConnection, school: str, day: date, recipient: str, message_id_domain: str, now: datetime
) -> uuid.UUID | None:
    """A school day's digest; None when that day has one."""
    id_ = notice_id("digest", school, day)
    notice = Notice(id_, "digest", school, recipient, None, {"day": day.isoformat()}, _message_id(id_, message_id_domain), now)
    return id_ if await _add(connection, notice, now) else None


async def add_plan_review(
    connection: AsyncConnection, school: str, event_id: str, version: int, review_on: date, message_id_domain: str, now: datetime
) -> bool:
    """The review of a plan falls due; False when there is a notice of this event."""
    id_ = notice_id("plan-review", school, event_id)
    about = {"version": version, "review_on": review_on.isoformat()}
    return await _add(connection, Notice(id_, "plan-review", school, None, None, about, _message_id(id_, message_id_domain), now), now)


async def add_duties(
    connection: AsyncConnection,
    event_id: str,
    school: str,
    account: str,
    recipient: str,
    about: Mapping[str, Any],
    message_id_domain: str,
    now: datetime,
) -> bool:
    """Things have come to a member of staff; False when there is a notice of this event."""
    id_ = notice_id("duties", school, account, event_id)
    return await _add(connection, Notice(id_, "duties", school, recipient, None, about, _message_id(id_, message_id_domain), now), now)


async def add_release(
    connection: AsyncConnection,
    school: str,
    day: date,
    decisions: int,
    message_id_domain: str,
    now: datetime,
    *,
    restored_at: datetime | None = None,
) -> bool:
    """Letters wait for a person to release them; False when that day has such a notice, and nobody has decided anything since.

    `restored_at`: they wait because they may have left before the database was restored, which was found then.
    """
    restored = () if restored_at is None else ("restored",)
    id_ = notice_id("release", school, day, decisions, *restored)
    about = {"day": day.isoformat()} | ({} if restored_at is None else {"restored_at": restored_at.isoformat()})
    notice = Notice(id_, "release", school, None, None, about, _message_id(id_, message_id_domain), now)
    return await _add(connection, notice, now + GATHERING)


async def waiting(connection: AsyncConnection, notice: uuid.UUID) -> Notice | None:
    """A notice that is to be sent; None when it was settled."""
    row = (
        await connection.execute(
            text(
                """
                SELECT id, kind, school, recipient, letter_id, CAST(about AS text) AS about, message_id, created_at
                FROM notices WHERE id = :id AND status IN ('waiting', 'no-contact')
                """
            ),
            {"id": notice},
        )
    ).one_or_none()
    if row is None:
        return None
    return Notice(row.id, row.kind, row.school, row.recipient, row.letter_id, json.loads(row.about), row.message_id, row.created_at)


async def settle(
    connection: AsyncConnection, notice: uuid.UUID, status: NoticeStatus, reason: str | None, sent_at: datetime | None
) -> NoticeKind | None:
    """Keeps what became of a notice; answers its kind, or None when it had been settled before."""
    row = (
        await connection.execute(
            text(
                """
                UPDATE notices SET status = :status, reason = :reason, sent_at = :sent_at
                WHERE id = :id AND status IN ('waiting', 'no-contact') RETURNING kind
                """
            ),
            {"id": notice, "status": status, "reason": reason, "sent_at": sent_at},
        )
    ).one_or_none()
    return None if row is None else row.kind


async def try_again(connection: AsyncConnection, schools: Collection[str], now: datetime) -> None:
    """Schools may have a contact address now: notices that had none are due again."""
    rows = await connection.execute(
        text("SELECT id FROM notices WHERE school = ANY(CAST(:schools AS text[])) AND status = 'no-contact' ORDER BY id"),
        {"schools": sorted(schools)},
    )
    for row in rows.all():
        await worklist.reschedule(connection, row.id, now, now)


async def page(
    connection: AsyncConnection, school: str, *, before: tuple[datetime, uuid.UUID] | None, most: int
) -> Sequence[Mapping[str, Any]]:
    """A school's notices, newest first."""
    before_at, before_id = before if before is not None else (None, None)
    rows = await connection.execute(
        text(
            """
            SELECT id, kind, status, recipient, letter_id, reason, created_at, sent_at FROM notices
            WHERE school = :school
                AND (CAST(:before_at AS timestamptz) IS NULL OR (created_at, id) < (:before_at, CAST(:before_id AS uuid)))
            ORDER BY created_at DESC, id DESC LIMIT :most
            """
        ),
        {"school": school, "before_at": before_at, "before_id": before_id, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


async def forget_work_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` finished work items, with their attempts, of notices that are settled; answers how many."""
    forgotten = await connection.execute(
        text(
            """
            DELETE FROM work WHERE id IN (
                SELECT w.id FROM work w JOIN notices n USING (id)
                WHERE w.kind = :kind AND w.settled_at < :moment AND n.status IN ('sent', 'failed', 'cancelled')
                ORDER BY w.settled_at LIMIT :most FOR UPDATE OF w SKIP LOCKED
            )
            """
        ),
        {"kind": WORK_KIND, "moment": moment, "most": most},
    )
    return forgotten.rowcount


async def _add(connection: AsyncConnection, notice: Notice, due_at: datetime) -> bool:
    added = await connection.execute(
        text(
            """
            INSERT INTO notices (id, kind, school, status, recipient, letter_id, about, message_id, created_at)
            VALUES (:id, :kind, :school, 'waiting', :recipient, :letter_id, CAST(:about AS jsonb), :message_id, :created_at)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "id": notice.id,
            "kind": notice.kind,
            "school": notice.school,
            "recipient": notice.recipient,
            "letter_id": notice.letter_id,
            "about": json.dumps(notice.about),
            "message_id": notice.message_id,
            "created_at": notice.created_at,
        },
    )
    if added.rowcount != 1:
        return False
    await worklist.add(connection, WORK_KIND, notice.id, due_at, notice.created_at)
    return True


def _message_id(notice: uuid.UUID, domain: str) -> str:
    return f"<{notice}@{domain}>"


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` settled notices from before a moment, with their work; answers how many. Copies go with their letters."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM notices n
            WHERE created_at < :moment AND status IN ('sent', 'failed', 'cancelled') AND letter_id IS NULL
                AND NOT EXISTS (SELECT FROM movements m WHERE m.digest_id = n.id)
            LIMIT :most FOR UPDATE OF n SKIP LOCKED
            """
        ),
        {"moment": moment, "most": most},
    )
    ids = {"ids": list(rows.scalars())}
    await connection.execute(text("DELETE FROM work WHERE id = ANY(CAST(:ids AS uuid[]))"), ids)
    await connection.execute(text("DELETE FROM notices WHERE id = ANY(CAST(:ids AS uuid[]))"), ids)
    return len(ids["ids"])
