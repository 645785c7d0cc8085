"""A school's list of its letters: SQL. One row for each delivery, and one for each letter that has none."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.sending_window import Window
from services.notifier.delivery.deliveries.correcting import CORRECTABLE, wrong_days
from shared.auth.principal import Part
from shared.events.data import AbsentDay
from shared.names import full_name


class Choices(Struct):
    """A school's choices that its list of letters depends on: the part of its letter policy that this room reads."""

    window: Window | None = None
    after_term: timedelta = timedelta(0)
    correct: Literal["offer", "send", "never"] = "offer"


_choices = msgspec.json.Decoder(Choices)
_groups = msgspec.json.Decoder(list[str])

_ITEMS = """
    SELECT d.id, l.id AS letter_id, l.school, c.student, l.student_id, l.term, l.threshold, l.occasion, d.status, d.channel, d.recipient,
        l.due_at, d.sent_at, d.bounced_at, d.subject, d.message_id, d.resend_of, d.sent_with, d.corrects,
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
    SELECT l.id, l.id, l.school, c.student, l.student_id, l.term, l.threshold, l.occasion, l.state, 'email', NULL,
        greatest(l.due_at, l.put_off_until), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL,
        l.reason, l.created_at, l.state
    FROM letters l
    JOIN cases c USING (student_id, term)
    WHERE l.school = :school AND CAST(:delivery AS uuid) IS NULL AND NOT EXISTS (SELECT FROM deliveries d WHERE d.letter_id = l.id)
"""

# A student whose year level and groups are not known is in no part.
_IN_PART = """
    (CAST(:part_groups AS text[]) IS NULL
        OR coalesce(s.year_level = ANY(CAST(:part_year_levels AS int[])) OR s.groups ?| CAST(:part_groups AS text[]), false))
"""
_PAGE = text(
    f"""
    SELECT items.*, s.given_name, s.family_name, s.year_level, coalesce(CAST(s.groups AS text), '[]') AS groups
    FROM ({_ITEMS}) items LEFT JOIN contacts s USING (student_id)
    WHERE (CAST(:students AS text[]) IS NULL OR items.student = ANY(CAST(:students AS text[])))
        AND (CAST(:statuses AS text[]) IS NULL OR items.status = ANY(CAST(:statuses AS text[])))
        AND (CAST(:threshold AS int) IS NULL OR items.threshold = :threshold)
        AND (CAST(:letter AS uuid) IS NULL OR items.letter_id = :letter)
        AND (CAST(:before_at AS timestamptz) IS NULL OR (items.created_at, items.id) < (:before_at, CAST(:before_id AS uuid)))
        AND {_IN_PART}
    ORDER BY items.created_at DESC, items.id DESC
    LIMIT :most
    """  # noqa: S608
)
_NUMBERS = text(
    f"""
    SELECT items.status, items.threshold, items.occasion, count(*) AS letters FROM ({_ITEMS}) items LEFT JOIN contacts s USING (student_id)
    WHERE (CAST(:term AS text) IS NULL OR items.term = :term) AND {_IN_PART}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """  # noqa: S608
)


async def page(
    connection: AsyncConnection,
    school: str,
    *,
    students: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    threshold: int | None = None,
    letter: uuid.UUID | None = None,
    before: tuple[datetime, uuid.UUID] | None = None,
    delivery: uuid.UUID | None = None,
    part: Part | None = None,
    most: int,
) -> list[Mapping[str, Any]]:
    """A school's items, newest first, or those of a part of it; or this one delivery or letter."""
    rows = await connection.execute(
        _PAGE,
        _part_of(part)
        | {
            "school": school,
            "students": None if students is None else list(students),
            "statuses": None if statuses is None else list(statuses),
            "threshold": threshold,
            "letter": letter,
            "delivery": delivery,
            "before_at": before[0] if before is not None else None,
            "before_id": before[1] if before is not None else None,
            "most": most,
        },
    )
    return [_judged(_named(dict(row))) for row in rows.mappings()]


async def numbers(connection: AsyncConnection, school: str, *, term: str | None, part: Part | None) -> list[Mapping[str, Any]]:
    """How many items there are of each status and threshold: of a term, or of all."""
    rows = await connection.execute(_NUMBERS, _part_of(part) | {"school": school, "term": term, "delivery": None})
    return [dict(row) for row in rows.mappings()]


def _part_of(part: Part | None) -> dict[str, Any]:
    if part is None:
        return {"part_groups": None, "part_year_levels": None}
    return {"part_groups": sorted(part.groups), "part_year_levels": sorted(part.year_levels)}


def _named(row: dict[str, Any]) -> dict[str, Any]:
    given, family = row.pop("given_name"), row.pop("family_name")
    return row | {"name": full_name(given, family) if given else None, "groups": _groups.decode(row["groups"])}


async def choices(connection: AsyncConnection, school: str) -> Choices:
    """The choices of the school's newest letter policy; the defaults where it has none."""
    row = (
        await connection.execute(
            text("SELECT CAST(document AS text) AS document FROM policies WHERE school = :school ORDER BY version DESC LIMIT 1"),
            {"school": school},
        )
    ).one_or_none()
    return Choices() if row is None else _choices.decode(row.document)


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
    """The row, with whether it is one that a correction can be about (`correctable.py` has the rest) in place of the days."""
    told, days = (msgspec.convert(row.pop(name) or [], list[AbsentDay]) for name in ("told", "absent_on"))
    is_corrected = row.pop("is_corrected")
    is_about_days = row["occasion"] is None and row["corrects"] is None
    sendable = is_about_days and row["status"] == "sent" and row["channel"] in CORRECTABLE and not is_corrected
    wrong = wrong_days(told, days) if sendable else []
    return row | {"can_be_corrected": bool(wrong), "wrong_days": wrong}
