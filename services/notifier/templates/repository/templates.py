"""Schools' own letter templates: SQL. Versions are only added; the newest one of a school, threshold and language is in force."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.templates.rendering import LetterTemplate
from shared.attendance.tiers import Threshold
from shared.identifiers import lock_key


@dataclass(frozen=True, slots=True)
class Place:
    """Which letter a template is for."""

    school: str
    threshold: Threshold
    language: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a template. Without words: from then on it is the house's turn. `restored` is the version whose words came back."""

    version: int
    language: str
    subject: str | None
    body: str | None
    restored: int | None
    saved_by: str
    saved_at: datetime

    def template(self) -> LetterTemplate | None:
        """The words, for those who write letters; None for a version without."""
        if self.subject is None or self.body is None:
            return None
        return LetterTemplate(self.language, self.subject, self.body, self.version)


_NEWEST = """
    SELECT DISTINCT ON (threshold, language) threshold, version, language, subject, body, restored, saved_by, saved_at
    FROM templates WHERE school = :school AND (CAST(:threshold AS int) IS NULL OR threshold = :threshold)
    ORDER BY threshold, language, version DESC
"""


async def in_force(connection: AsyncConnection, school: str, threshold: Threshold) -> Mapping[str, Version]:
    """The newest versions for a threshold that have words, by language."""
    return (await all_in_force(connection, school, threshold)).get(threshold, {})


async def all_in_force(
    connection: AsyncConnection, school: str, threshold: Threshold | None = None
) -> Mapping[Threshold, Mapping[str, Version]]:
    """The newest versions that have words, by threshold and language; of one threshold only, or of all."""
    found: dict[Threshold, dict[str, Version]] = {}
    for row in await connection.execute(text(_NEWEST), {"school": school, "threshold": threshold}):
        if row.subject is not None:
            found.setdefault(row.threshold, {})[row.language] = Version(*row[1:])
    return found


async def lock(connection: AsyncConnection, place: Place) -> None:
    """Whoever adds a version waits here for others who do, until the transaction ends."""
    key = lock_key("template", place.school, str(place.threshold), place.language)
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def newest(connection: AsyncConnection, place: Place) -> Version | None:
    """The newest version, with words or without; None when there never was one."""
    found = await versions(connection, place, before=None, most=1)
    return found[0] if found else None


async def version(connection: AsyncConnection, place: Place, number: int) -> Version | None:
    """One version; None when there is no such one."""
    found = await versions(connection, place, before=number + 1, most=1)
    return found[0] if found and found[0].version == number else None


async def versions(connection: AsyncConnection, place: Place, *, before: int | None, most: int) -> Sequence[Version]:
    """Versions, newest first, from the one below `before` on."""
    rows = await connection.execute(
        text(
            """
            SELECT version, language, subject, body, restored, saved_by, saved_at FROM templates
            WHERE school = :school AND threshold = :threshold AND language = :language
                AND (CAST(:before AS int) IS NULL OR version < :before)
            ORDER BY version DESC LIMIT :most
            """
        ),
        {**_keys(place), "before": before, "most": most},
    )
    return [Version(*row) for row in rows]


async def add(connection: AsyncConnection, place: Place, version: Version) -> None:
    """Adds a version. The caller holds the lock, and has drawn the number under it."""
    await connection.execute(
        text(
            """
            INSERT INTO templates (school, threshold, language, version, subject, body, restored, saved_by, saved_at)
            VALUES (:school, :threshold, :language, :version, :subject, :body, :restored, :saved_by, :saved_at)
            """
        ),
        {
            **_keys(place),
            "version": version.version,
            "subject": version.subject,
            "body": version.body,
            "restored": version.restored,
            "saved_by": version.saved_by,
            "saved_at": version.saved_at,
        },
    )


async def note_used(connection: AsyncConnection, delivery_id: uuid.UUID, language: str, version: int | None) -> None:
    """Keeps with a delivery what it was written by; no version means the house's words."""
    await connection.execute(
        text("UPDATE deliveries SET template_language = :language, template_version = :version WHERE id = :id"),
        {"id": delivery_id, "language": language, "version": version},
    )


def _keys(place: Place) -> dict[str, object]:
    return {"school": place.school, "threshold": place.threshold, "language": place.language}
