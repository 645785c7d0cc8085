"""SQL of printings. The caller holds the locks of the letters' cases where it changes them."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.printings.printing import PaperLetter, Printing
from shared.identifiers import lock_key

_COLUMNS: Final = "id, school, sorted_by, letters, made_at, made_by, posted_on, posted_at, posted_by, dropped_at"

_LETTER: Final = """
    d.id, l.student_id, c.student, l.term, l.threshold, l.occasion, d.status, d.recipient, d.subject, d.body_text, d.template_language,
    d.created_at, d.standing < c.standing AND d.status = 'waiting' AS is_stale, s.given_name, s.family_name, s.year_level
"""
_OF_LETTERS: Final = """
    FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term) LEFT JOIN contacts s USING (student_id)
"""
_TO_PRINT: Final = """
    l.school = :school AND d.channel = 'paper' AND d.status = 'waiting'
    AND (l.withdrawn IS NULL OR (d.corrects IS NOT NULL AND l.withdrawn = 'retracted')) AND NOT EXISTS (
        SELECT FROM printed_letters p JOIN printings o ON o.id = p.printing_id
        WHERE p.delivery_id = d.id AND o.posted_at IS NULL AND o.dropped_at IS NULL
    )
"""


async def lock(connection: AsyncConnection, school: str) -> None:
    """Lets others who print or post at the school wait until the transaction ends: no letter is in two piles."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("printings", school)})


async def to_print(connection: AsyncConnection, school: str, most: int) -> list[PaperLetter]:
    """The letters that wait to be printed, the oldest first."""
    rows = await connection.execute(
        text(f"SELECT {_LETTER} {_OF_LETTERS} WHERE {_TO_PRINT} ORDER BY d.created_at, d.id LIMIT :most"),
        {"school": school, "most": most},
    )
    return [PaperLetter(*row) for row in rows]


async def count_to_print(connection: AsyncConnection, school: str) -> int:
    """How many letters wait to be printed."""
    rows = await connection.execute(text(f"SELECT count(*) {_OF_LETTERS} WHERE {_TO_PRINT}"), {"school": school})
    return int(rows.scalar_one())


async def add(connection: AsyncConnection, printing: Printing, deliveries: Sequence[uuid.UUID]) -> None:
    """Keeps a printing with its letters, in the order of the pile."""
    await connection.execute(
        text(
            """
            INSERT INTO printings (id, school, sorted_by, letters, made_at, made_by)
            VALUES (:id, :school, :sorted_by, :letters, :made_at, :made_by)
            """
        ),
        {
            "id": printing.id,
            "school": printing.school,
            "sorted_by": printing.sorted_by,
            "letters": printing.letters,
            "made_at": printing.made_at,
            "made_by": printing.made_by,
        },
    )
    await connection.execute(
        text(
            """
            INSERT INTO printed_letters (printing_id, delivery_id, place)
            SELECT :id, delivery_id, place FROM unnest(CAST(:deliveries AS uuid[])) WITH ORDINALITY AS w(delivery_id, place)
            """
        ),
        {"id": printing.id, "deliveries": list(deliveries)},
    )


async def get(connection: AsyncConnection, printing: uuid.UUID) -> Printing | None:
    """A printing; None for one that does not exist."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM printings WHERE id = :id"), {"id": printing})  # noqa: S608
    row = rows.one_or_none()
    return None if row is None else Printing(*row)


async def page(connection: AsyncConnection, school: str, before: tuple[datetime, uuid.UUID] | None, most: int) -> list[Printing]:
    """A school's printings, newest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM printings
            WHERE school = :school
                AND (CAST(:before_at AS timestamptz) IS NULL OR (made_at, id) < (:before_at, CAST(:before_id AS uuid)))
            ORDER BY made_at DESC, id DESC LIMIT :most
            """  # noqa: S608
        ),
        {"school": school, "before_at": before[0] if before else None, "before_id": before[1] if before else None, "most": most},
    )
    return [Printing(*row) for row in rows]


async def letters(connection: AsyncConnection, printing: uuid.UUID) -> list[PaperLetter]:
    """The letters of a printing as they are by now, in the order of the pile."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_LETTER}, p.place {_OF_LETTERS} JOIN printed_letters p ON p.delivery_id = d.id
            WHERE p.printing_id = :id ORDER BY p.place
            """
        ),
        {"id": printing},
    )
    return [PaperLetter(*row) for row in rows]


async def posted(connection: AsyncConnection, printing: uuid.UUID, on: date, at: datetime, by: str, now: datetime) -> list[uuid.UUID]:
    """The letters of a printing that still wait went on that day, at that moment as far as lists show one; answers which."""
    await connection.execute(
        text("UPDATE printings SET posted_on = :on, posted_at = :now, posted_by = :by WHERE id = :id"),
        {"id": printing, "on": on, "now": now, "by": by},
    )
    rows = await connection.execute(
        text(
            """
            UPDATE deliveries d SET status = 'sent', sent_at = :at FROM printed_letters p
            WHERE p.printing_id = :id AND p.delivery_id = d.id AND d.status = 'waiting' RETURNING d.id
            """
        ),
        {"id": printing, "at": at},
    )
    return [row.id for row in rows]


async def drop(connection: AsyncConnection, printing: uuid.UUID, now: datetime) -> None:
    """A printing is not posted: its letters wait again."""
    await connection.execute(text("UPDATE printings SET dropped_at = :now WHERE id = :id"), {"id": printing, "now": now})


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` printings from before a moment, which name no student. Answers how many."""
    rows = await connection.execute(text("SELECT id FROM printings WHERE made_at < :moment LIMIT :most"), {"moment": moment, "most": most})
    old: Collection[uuid.UUID] = [row.id for row in rows]
    await connection.execute(text("DELETE FROM printed_letters WHERE printing_id = ANY(CAST(:old AS uuid[]))"), {"old": old})
    await connection.execute(text("DELETE FROM printings WHERE id = ANY(CAST(:old AS uuid[]))"), {"old": old})
    return len(old)
