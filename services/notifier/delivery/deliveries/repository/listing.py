"""A school's list of its letters: SQL. One row for each delivery, and one for each letter that has none."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.sending_window import Window
from services.notifier.delivery.deliveries.correcting import wrong_days
from shared.events.data import AbsentDay


class _Windowed(Struct):
    window: Window | None = None


_windowed = msgspec.json.Decoder(_Windowed)

_PAGE = text(
    """
    SELECT * FROM (
        SELECT d.id, l.id AS letter_id, l.school, c.student, l.student_id, l.term, l.threshold, d.status, d.channel, d.recipient,
            l.due_at, d.sent_at, d.bounced_at, d.subject, d.message_id, d.resend_of, d.corrects,
            d.told, c.absent_on, EXISTS (
                SELECT FROM deliveries x WHERE x.letter_id = l.id AND x.corrects = d.id AND x.status IN ('waiting', 'sent')
            ) AS is_corrected,
            d.template_language, d.template_version, d.reason, l.created_at,
            CASE WHEN l.state = 'bound' THEN whole.state ELSE l.state END AS letter_state
        FROM letters l
        JOIN cases c USING (student_id, term)
        JOIN deliveries d ON d.letter_id = l.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN bool_or(o.status = 'sent') THEN 'reached'
                WHEN bool_or(o.status = 'waiting') THEN 'sending'
                WHEN bool_and(o.status = 'cancelled') THEN 'cancelled'
                ELSE 'not-reached' END AS state
            FROM deliveries o WHERE o.letter_id = l.id
        ) whole
        WHERE l.school = :school AND (CAST(:delivery AS uuid) IS NULL OR d.id = :delivery)
        UNION ALL
        SELECT l.id, l.id, l.school, c.student, l.student_id, l.term, l.threshold, l.state, 'email', NULL,
            greatest(l.due_at, l.put_off_until), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL,
            l.reason, l.created_at, l.state
        FROM letters l
        JOIN cases c USING (student_id, term)
        WHERE l.school = :school AND CAST(:delivery AS uuid) IS NULL AND NOT EXISTS (SELECT FROM deliveries d WHERE d.letter_id = l.id)
    ) items
    WHERE (CAST(:student AS text) IS NULL OR student = :student)
        AND (CAST(:status AS text) IS NULL OR status = :status)
        AND (CAST(:before_at AS timestamptz) IS NULL OR (created_at, id) < (:before_at, CAST(:before_id AS uuid)))
    ORDER BY created_at DESC, id DESC
    LIMIT :most
    """
)


async def page(
    connection: AsyncConnection,
    school: str,
    *,
    student: str | None = None,
    status: str | None = None,
    before: tuple[datetime, uuid.UUID] | None = None,
    delivery: uuid.UUID | None = None,
    most: int,
) -> list[Mapping[str, Any]]:
    """A school's items, newest first; or this one delivery of it."""
    rows = await connection.execute(
        _PAGE,
        {
            "school": school,
            "student": student,
            "status": status,
            "delivery": delivery,
            "before_at": before[0] if before is not None else None,
            "before_id": before[1] if before is not None else None,
            "most": most,
        },
    )
    return [_judged(dict(row)) for row in rows.mappings()]


async def window(connection: AsyncConnection, school: str) -> Window | None:
    """The window of the school's newest letter policy; None where it names none."""
    row = (
        await connection.execute(
            text("SELECT CAST(document AS text) AS document FROM policies WHERE school = :school ORDER BY version DESC LIMIT 1"),
            {"school": school},
        )
    ).one_or_none()
    return None if row is None else _windowed.decode(row.document).window


async def attempts(connection: AsyncConnection, items: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, list[Mapping[str, Any]]]:
    """The attempts at these deliveries, first to last."""
    rows = await connection.execute(
        text(
            """
            SELECT work_id, attempt, started_at, ended_at, outcome, detail FROM work_attempts
            WHERE work_id = ANY(CAST(:items AS uuid[])) ORDER BY work_id, attempt
            """
        ),
        {"items": list(items)},
    )
    by_item: dict[uuid.UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows.mappings():
        by_item[row["work_id"]].append(dict(row))
    return by_item


async def reports(connection: AsyncConnection, delivery: uuid.UUID) -> list[Mapping[str, Any]]:
    """The reports on a delivery, in the order in which they came."""
    rows = await connection.execute(
        text("SELECT kind, status, source, said_at, received_at FROM bounces WHERE delivery_id = :id ORDER BY received_at, kind"),
        {"id": delivery},
    )
    return [dict(row) for row in rows.mappings()]


async def count_awaiting_release(connection: AsyncConnection, school: str) -> int:
    """How many of a school's letters wait until a person releases them."""
    count = await connection.execute(
        text("SELECT count(*) FROM letters WHERE school = :school AND state = 'awaiting-release'"), {"school": school}
    )
    return int(count.scalar_one())


def _judged(row: dict[str, Any]) -> Mapping[str, Any]:
    """The row, with whether it can be corrected in place of the days."""
    told, days = (msgspec.convert(row.pop(name) or [], list[AbsentDay]) for name in ("told", "absent_on"))
    is_corrected = row.pop("is_corrected")
    sendable = row["status"] == "sent" and row["channel"] == "email" and row["corrects"] is None and not is_corrected
    return row | {"can_be_corrected": sendable and bool(wrong_days(told, days))}
