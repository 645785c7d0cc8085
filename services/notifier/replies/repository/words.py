"""The words of the page, as schools have set them: SQL."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.replies.words import ReplyWords


class KeptWords(NamedTuple):
    """A school's words in one language, and the account that set them."""

    language: str
    words: ReplyWords
    changed_at: datetime
    changed_by: str


async def of_school(connection: AsyncConnection, school: str) -> dict[str, KeptWords]:
    """A school's own words, by language."""
    rows = await connection.execute(
        text(
            """
            SELECT language, CAST(document AS text) AS document, changed_at, changed_by FROM reply_words
            WHERE school = :school ORDER BY language
            """
        ),
        {"school": school},
    )
    return {
        row.language: KeptWords(row.language, ReplyWords.model_validate_json(row.document), row.changed_at, row.changed_by) for row in rows
    }


async def put(connection: AsyncConnection, school: str, kept: KeptWords) -> None:
    """Sets the words of one language."""
    await connection.execute(
        text(
            """
            INSERT INTO reply_words (school, language, document, changed_at, changed_by)
            VALUES (:school, :language, CAST(:document AS jsonb), :changed_at, :changed_by)
            ON CONFLICT (school, language) DO UPDATE
                SET document = excluded.document, changed_at = excluded.changed_at, changed_by = excluded.changed_by
            """
        ),
        {
            "school": school,
            "language": kept.language,
            "document": kept.words.model_dump_json(),
            "changed_at": kept.changed_at,
            "changed_by": kept.changed_by,
        },
    )


async def remove(connection: AsyncConnection, school: str, language: str) -> bool:
    """Removes the words of one language; False where there are none."""
    removed = await connection.execute(
        text("DELETE FROM reply_words WHERE school = :school AND language = :language"), {"school": school, "language": language}
    )
    return removed.rowcount == 1
