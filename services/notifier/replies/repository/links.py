"""Links in letters: SQL. A link that was used, is too old, or is of a student who has left is found no more than one that never was."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.replies.reply import Link

_COLUMNS: Final = """l.delivery_id, l.digest, l.letter_id, l.school, l.student, l.student_id, l.term, l.threshold, l.channel, l.language,
    l.made_at, l.expires_at"""
_HOLDS: Final = "l.digest = :digest AND l.answered_at IS NULL AND l.expires_at > :now"


@dataclass(frozen=True, slots=True)
class Open:
    """A link that holds, and the names that its page shows. `recipient` is where its letter went; None once that was erased."""

    link: Link
    school_name: str
    child: str
    recipient: str | None


async def add(connection: AsyncConnection, links: Sequence[Link]) -> None:
    """Keeps new links; a letter that is written anew has the link that it had."""
    if links:
        await connection.execute(
            text(
                """
                INSERT INTO reply_links (delivery_id, digest, letter_id, school, student, student_id, term, threshold, channel, language,
                    made_at, expires_at)
                VALUES (:delivery_id, :digest, :letter_id, :school, :student, :student_id, :term, :threshold, :channel, :language,
                    :made_at, :expires_at)
                ON CONFLICT (delivery_id) DO NOTHING
                """
            ),
            [asdict(link) for link in links],
        )


async def digest(connection: AsyncConnection, delivery_id: uuid.UUID) -> bytes | None:
    """The digest of a delivery's token; None for a delivery without a link."""
    found = await connection.execute(text("SELECT digest FROM reply_links WHERE delivery_id = :id"), {"id": delivery_id})
    kept = found.scalar()
    return None if kept is None else bytes(kept)


async def find(connection: AsyncConnection, digest: bytes, now: datetime) -> Open | None:
    """The link with this digest, if it holds. The look costs the same whatever is wrong with it."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS}, s.name AS school_name, c.given_name AS child, d.recipient
            FROM reply_links l JOIN contacts c ON c.student_id = l.student_id JOIN schools s ON s.school = l.school
                LEFT JOIN deliveries d ON d.id = l.delivery_id
            WHERE {_HOLDS}
            """  # noqa: S608
        ),
        {"digest": digest, "now": now},
    )
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    fields = dict(row)
    school_name, child, recipient = fields.pop("school_name"), fields.pop("child"), fields.pop("recipient")
    return Open(Link(**fields), school_name, child, recipient)


async def use(connection: AsyncConnection, digest: bytes, now: datetime) -> bool:
    """Uses the link up; False where somebody was first, or it does not hold."""
    used = await connection.execute(
        text(f"UPDATE reply_links l SET answered_at = :now WHERE {_HOLDS}"),  # noqa: S608
        {"digest": digest, "now": now},
    )
    return used.rowcount == 1


async def forget_of_student(connection: AsyncConnection, student_id: uuid.UUID, until: datetime) -> int:
    """Deletes a student's links that were made up to a moment: none of them can be opened any more."""
    deleted = await connection.execute(
        text("DELETE FROM reply_links WHERE student_id = :id AND made_at <= :until"), {"id": student_id, "until": until}
    )
    return deleted.rowcount


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` links that ended before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM reply_links WHERE delivery_id IN (
                SELECT delivery_id FROM reply_links WHERE expires_at < :moment ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
