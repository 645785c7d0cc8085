"""Schools' own letter templates: SQL. Versions are only added; the newest one of a school, kind of letter and language is in force."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.templates.languages import HOUSE
from services.notifier.templates.letter_kinds import LetterKind, kind_of, number_of
from services.notifier.templates.rendering.occasion import LetterTemplate
from shared.identifiers import lock_key


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """The letter that a template is for."""

    school: str
    kind: LetterKind
    language: str


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """A version of a template. Without words: from then on it is the house's turn. `restored` is the version whose words came back, and
    `checked_by` the fluent speaker who has read them."""

    version: int
    language: str
    subject: str | None
    body: str | None
    restored: int | None
    saved_by: str
    saved_at: datetime
    checked_by: str | None = None

    @property
    def needs_speaker(self) -> bool:
        """Whether its words are in a language that a fluent speaker should read first, and nobody has said that one has."""
        return self.body is not None and self.checked_by is None and self.language.partition("-")[0] != HOUSE

    def template(self) -> LetterTemplate | None:
        """The words, for those who write letters; None for a version without."""
        if self.subject is None or self.body is None:
            return None
        return LetterTemplate(self.language, self.subject, self.body, self.version)


async def in_force_of(
    connection: AsyncConnection, wanted: Collection[tuple[str, LetterKind]]
) -> dict[tuple[str, LetterKind], dict[str, TemplateVersion]]:
    """The newest versions that have words, by language, for each school and kind of letter."""
    in_force: dict[tuple[str, LetterKind], dict[str, TemplateVersion]] = {pair: {} for pair in wanted}
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT ON (school, threshold, language)
                school, threshold, version, language, subject, body, restored, saved_by, saved_at, checked_by
            FROM templates
            JOIN unnest(CAST(:schools AS text[]), CAST(:thresholds AS int[])) AS w(school, threshold) USING (school, threshold)
            ORDER BY school, threshold, language, version DESC
            """
        ),
        {"schools": [school for school, _ in wanted], "thresholds": [number_of(kind) for _, kind in wanted]},
    )
    for row in rows:
        if row.subject is not None:
            in_force[row.school, kind_of(row.threshold)][row.language] = TemplateVersion(*row[2:])
    return in_force


_NEWEST = """
    SELECT DISTINCT ON (threshold, language) threshold, version, language, subject, body, restored, saved_by, saved_at, checked_by
    FROM templates WHERE school = :school AND (CAST(:threshold AS int) IS NULL OR threshold = :threshold)
    ORDER BY threshold, language, version DESC
"""


async def in_force(connection: AsyncConnection, school: str, kind: LetterKind) -> Mapping[str, TemplateVersion]:
    """The newest versions for a kind of letter that have words, by language."""
    return (await all_in_force(connection, school, kind)).get(kind, {})


async def all_in_force(
    connection: AsyncConnection, school: str, kind: LetterKind | None = None
) -> Mapping[LetterKind, Mapping[str, TemplateVersion]]:
    """The newest versions that have words, by kind and language; of one kind only, or of all."""
    in_force: dict[LetterKind, dict[str, TemplateVersion]] = {}
    for row in await connection.execute(text(_NEWEST), {"school": school, "threshold": None if kind is None else number_of(kind)}):
        if row.subject is not None:
            in_force.setdefault(kind_of(row.threshold), {})[row.language] = TemplateVersion(*row[1:])
    return in_force


async def lock(connection: AsyncConnection, key: TemplateKey) -> None:
    """Lets others who add a version wait until the transaction ends."""
    number = lock_key("template", key.school, str(key.kind), key.language)
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": number})


async def newest(connection: AsyncConnection, key: TemplateKey) -> TemplateVersion | None:
    """The newest version, with words or without; None when there never was one."""
    return next(iter(await versions(connection, key, before=None, most=1)), None)


async def version(connection: AsyncConnection, key: TemplateKey, number: int) -> TemplateVersion | None:
    """The version of that number; None when there is none."""
    newest_up_to = next(iter(await versions(connection, key, before=number + 1, most=1)), None)
    return newest_up_to if newest_up_to is not None and newest_up_to.version == number else None


async def versions(connection: AsyncConnection, key: TemplateKey, *, before: int | None, most: int) -> Sequence[TemplateVersion]:
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
        {**_values(key), "before": before, "most": most},
    )
    return [TemplateVersion(*row) for row in rows]


async def add(connection: AsyncConnection, key: TemplateKey, version: TemplateVersion) -> None:
    """Adds a version. The caller holds the lock, and has drawn the number under it."""
    await connection.execute(
        text(
            """
            INSERT INTO templates (school, threshold, language, version, subject, body, restored, saved_by, saved_at, checked_by)
            VALUES (:school, :threshold, :language, :version, :subject, :body, :restored, :saved_by, :saved_at, :checked_by)
            """
        ),
        {
            **_values(key),
            "version": version.version,
            "subject": version.subject,
            "body": version.body,
            "restored": version.restored,
            "saved_by": version.saved_by,
            "saved_at": version.saved_at,
            "checked_by": version.checked_by,
        },
    )


async def languages(connection: AsyncConnection, school: str) -> dict[str, int]:
    """The languages of the school's caregivers as the roster has them, and how many caregivers have each."""
    rows = await connection.execute(
        text(
            """
            SELECT coalesce(c ->> 'language', 'en') AS language, count(*) AS caregivers
            FROM contacts, jsonb_array_elements(caregivers) AS c WHERE school = :school GROUP BY 1
            """
        ),
        {"school": school},
    )
    return {row.language: row.caregivers for row in rows}


async def note_used(connection: AsyncConnection, delivery_id: uuid.UUID, language: str, version: int | None) -> None:
    """Keeps with a delivery the template it was written from; no version means the house's words."""
    await connection.execute(
        text("UPDATE deliveries SET template_language = :language, template_version = :version WHERE id = :id"),
        {"id": delivery_id, "language": language, "version": version},
    )


def _values(key: TemplateKey) -> dict[str, object]:
    return {"school": key.school, "threshold": number_of(key.kind), "language": key.language}
