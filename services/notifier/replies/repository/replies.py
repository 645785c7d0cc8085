"""Replies of families: SQL."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.replies.reply import Reply
from shared.auth.principal import Part

_COLUMNS: Final = """id, delivery_id, letter_id, school, student, student_id, term, threshold, channel, choice, words, hold_until,
    replied_at"""


async def add(connection: AsyncConnection, reply: Reply) -> None:
    """Keeps a reply."""
    await connection.execute(
        text(
            """
            INSERT INTO replies (id, delivery_id, letter_id, school, student, student_id, term, threshold, channel, choice, words,
                hold_until, replied_at)
            VALUES (:id, :delivery_id, :letter_id, :school, :student, :student_id, :term, :threshold, :channel, :choice, :words,
                :hold_until, :replied_at)
            """
        ),
        asdict(reply),
    )


async def page(
    connection: AsyncConnection,
    school: str,
    students: Sequence[str] | None,
    part: Part | None,
    before: tuple[datetime, uuid.UUID] | None,
    most: int,
) -> list[Reply]:
    """A school's replies, or those about some of its students or a part of it, newest first; `before` is the place of the last one seen."""
    conditions, values = ["r.school = :school"], dict[str, object](school=school, most=most)
    if students is not None:
        conditions.append("r.student = ANY(CAST(:students AS text[]))")
        values["students"] = list(students)
    if part is not None:
        # A student whose year level and groups are not known is in no part.
        conditions.append(
            """EXISTS (SELECT FROM contacts c WHERE c.student_id = r.student_id AND coalesce(
                c.year_level = ANY(CAST(:year_levels AS int[])) OR c.groups ?| CAST(:groups AS text[]), false))"""
        )
        values |= {"year_levels": sorted(part.year_levels), "groups": sorted(part.groups)}
    if before is not None:
        conditions.append("(r.replied_at, r.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid))")
        values |= {"before_at": before[0], "before_id": before[1]}
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM replies r WHERE {" AND ".join(conditions)}
            ORDER BY r.replied_at DESC, r.id DESC LIMIT :most
            """  # noqa: S608
        ),
        values,
    )
    return [Reply(**row) for row in rows.mappings()]


async def erase_words(connection: AsyncConnection, student_id: uuid.UUID, until: datetime) -> int:
    """Takes the family's own words of up to a moment away; answers of how many replies."""
    erased = await connection.execute(
        text("UPDATE replies SET words = NULL WHERE student_id = :id AND replied_at <= :until AND words IS NOT NULL"),
        {"id": student_id, "until": until},
    )
    return erased.rowcount


async def count(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """How many replies there are about a student."""
    counted = await connection.execute(text("SELECT count(*) FROM replies WHERE student_id = :id"), {"id": student_id})
    return int(counted.scalar_one())
