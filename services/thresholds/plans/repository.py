"""SQL of the schools' Attendance Management Plans, in versions. A published version never changes."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.plans.plan import Edition, Plan, PlanState

_COLUMNS = "school, version, state, document, saved_at, saved_by, edition, published_at, published_by, superseded_at"

_plan = msgspec.json.Decoder(Plan)
_edition = msgspec.json.Decoder(Edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """A version of a school's plan. `edition` is what a published one was printed with."""

    school: str
    version: int
    state: PlanState
    plan: Plan
    saved_at: datetime
    saved_by: str
    edition: Edition | None
    published_at: datetime | None
    published_by: str | None
    superseded_at: datetime | None


class Printed(NamedTuple):
    """A published version's PDF."""

    version: int
    pdf: bytes


async def newest(connection: AsyncConnection, school: str, state: PlanState | None = None) -> PlanVersion | None:
    """The version with the highest number: of a state, or of all."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM plans WHERE school = :school AND (CAST(:state AS text) IS NULL OR state = :state)
            ORDER BY version DESC LIMIT 1
            """  # noqa: S608
        ),
        {"school": school, "state": state},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _version(row)


async def published(connection: AsyncConnection, school: str) -> Plan | None:
    """The plan that the school has published."""
    version = await newest(connection, school, "published")
    return None if version is None else version.plan


async def get(connection: AsyncConnection, school: str, version: int) -> PlanVersion | None:
    """One version."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM plans WHERE school = :school AND version = :version"),  # noqa: S608
        {"school": school, "version": version},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _version(row)


async def page(connection: AsyncConnection, school: str, before: int | None, limit: int) -> list[RowMapping]:
    """Versions below a number, newest first, without their texts."""
    rows = await connection.execute(
        text(
            """
            SELECT school, version, state, saved_at, saved_by, published_at, published_by, superseded_at FROM plans
            WHERE school = :school AND (CAST(:before AS int) IS NULL OR version < :before) ORDER BY version DESC LIMIT :limit
            """
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return list(rows.mappings())


async def add(connection: AsyncConnection, school: str, plan: Plan, *, by: str, now: datetime) -> PlanVersion:
    """Keeps a plan as a new draft. The caller holds the school's lock, so that two drafts don't take one number."""
    rows = await connection.execute(
        text(
            f"""
            INSERT INTO plans (school, version, document, saved_at, saved_by)
            SELECT :school, coalesce(max(version), 0) + 1, :document, :now, :by FROM plans WHERE school = :school
            RETURNING {_COLUMNS}
            """  # noqa: S608
        ),
        {"school": school, "document": msgspec.json.encode(plan).decode(), "by": by, "now": now},
    )
    return _version(rows.mappings().one())


async def publish(
    connection: AsyncConnection, school: str, version: int, edition: Edition, pdf: bytes, *, by: str, now: datetime
) -> PlanVersion | None:
    """Publishes a draft, and supersedes what was published and the drafts before it; None when it is no draft any more.

    The caller holds the school's lock.
    """
    if await _is_draft(connection, school, version):
        await connection.execute(
            text(
                """
                UPDATE plans SET state = 'superseded', superseded_at = :now
                WHERE school = :school AND (state = 'published' OR (state = 'draft' AND version < :version))
                """
            ),
            {"school": school, "version": version, "now": now},
        )
    rows = await connection.execute(
        text(
            f"""
            UPDATE plans SET state = 'published', edition = :edition, pdf = :pdf, published_at = :now, published_by = :by
            WHERE school = :school AND version = :version AND state = 'draft'
            RETURNING {_COLUMNS}
            """  # noqa: S608
        ),
        {
            "school": school,
            "version": version,
            "edition": msgspec.json.encode(edition).decode(),
            "pdf": pdf,
            "by": by,
            "now": now,
        },
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _version(row)


async def printed(connection: AsyncConnection, school: str) -> Printed | None:
    """The PDF of the published version."""
    rows = await connection.execute(
        text("SELECT version, pdf FROM plans WHERE school = :school AND state = 'published'"), {"school": school}
    )
    row = rows.one_or_none()
    return None if row is None else Printed(row.version, bytes(row.pdf))


async def add_review(connection: AsyncConnection, item: uuid.UUID, school: str, version: int, notice: str) -> None:
    """Keeps the review that an item of the worklist is about."""
    await connection.execute(
        text("INSERT INTO plan_reviews (id, school, version, notice) VALUES (:id, :school, :version, :notice) ON CONFLICT DO NOTHING"),
        {"id": item, "school": school, "version": version, "notice": notice},
    )


async def review(connection: AsyncConnection, item: uuid.UUID) -> tuple[str, int] | None:
    """The school and version of an item."""
    row = (await connection.execute(text("SELECT school, version FROM plan_reviews WHERE id = :id"), {"id": item})).one_or_none()
    return None if row is None else (row.school, row.version)


async def _is_draft(connection: AsyncConnection, school: str, version: int) -> bool:
    rows = await connection.execute(
        text("SELECT 1 FROM plans WHERE school = :school AND version = :version AND state = 'draft'"),
        {"school": school, "version": version},
    )
    return rows.scalar() is not None


def _version(row: RowMapping) -> PlanVersion:
    values = cast(dict[str, Any], dict(row))
    document, edition = values.pop("document"), values.pop("edition")
    return PlanVersion(**values, plan=_plan.decode(document), edition=None if edition is None else _edition.decode(edition))
