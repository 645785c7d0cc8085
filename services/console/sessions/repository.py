"""SQL of sessions, used links and failed sign-ins."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection


async def add(connection: AsyncConnection, row: bytes, subject: str, sealed: bytes, now: datetime, ends_at: datetime) -> None:
    """Keeps a new session."""
    await connection.execute(
        text(
            """
            INSERT INTO sessions (id, subject, sealed, created_at, seen_at, ends_at)
            VALUES (:id, :subject, :sealed, :now, :now, :ends_at)
            """
        ),
        {"id": row, "subject": subject, "sealed": sealed, "now": now, "ends_at": ends_at},
    )


async def get(connection: AsyncConnection, row: bytes) -> RowMapping | None:
    """A session as it is kept."""
    rows = await connection.execute(text("SELECT sealed, seen_at, ends_at FROM sessions WHERE id = :id"), {"id": row})
    return rows.mappings().one_or_none()


async def see(connection: AsyncConnection, row: bytes, now: datetime) -> None:
    """Notes that a session is in use."""
    await connection.execute(text("UPDATE sessions SET seen_at = :now WHERE id = :id AND seen_at < :now"), {"id": row, "now": now})


async def end(connection: AsyncConnection, row: bytes) -> bool:
    """Ends a session; False where there was none."""
    return (await connection.execute(text("DELETE FROM sessions WHERE id = :id"), {"id": row})).rowcount == 1


async def claim_renewal(connection: AsyncConnection, row: bytes, now: datetime, until: datetime) -> bytes | None:
    """The sealed tokens, for the caller alone to renew; None while another renews them, or the session is gone.

    A process that claimed them by a clock that was ahead of this one has them no longer.
    """
    result = await connection.execute(
        text(
            """
            UPDATE sessions SET renewing_until = :until
            WHERE id = :id AND (renewing_until IS NULL OR renewing_until < :now OR renewing_until > :until)
            RETURNING sealed
            """
        ),
        {"id": row, "now": now, "until": until},
    )
    sealed: bytes | None = result.scalar_one_or_none()
    return sealed


async def renew(connection: AsyncConnection, row: bytes, sealed: bytes) -> None:
    """Keeps the tokens, renewed or as they were, and lets others renew again."""
    await connection.execute(
        text("UPDATE sessions SET sealed = :sealed, renewing_until = NULL WHERE id = :id"), {"id": row, "sealed": sealed}
    )


async def use_link(connection: AsyncConnection, link: UUID, now: datetime) -> bool:
    """Whether the link was not used before; from now on it is."""
    result = await connection.execute(
        text("INSERT INTO used_links (id, used_at) VALUES (:id, :now) ON CONFLICT DO NOTHING"), {"id": link, "now": now}
    )
    return result.rowcount == 1


async def forget_ended_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` sessions that ended before a moment; answers how many."""
    result = await connection.execute(
        text(
            """
            DELETE FROM sessions WHERE id IN (
                SELECT id FROM sessions WHERE ends_at < :moment ORDER BY ends_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return result.rowcount


async def forget_links_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` links that were used before a moment; answers how many."""
    result = await connection.execute(
        text(
            """
            DELETE FROM used_links WHERE id IN (
                SELECT id FROM used_links WHERE used_at < :moment ORDER BY used_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return result.rowcount


async def failed_sign_ins(connection: AsyncConnection, digest: bytes, within: timedelta) -> int:
    """How many sign-ins of an address failed lately, by the database's clock, which all processes share."""
    count = await connection.execute(
        text("SELECT count(*) FROM failed_sign_ins WHERE digest = :digest AND at > clock_timestamp() - CAST(:within AS interval)"),
        {"digest": digest, "within": within},
    )
    return int(count.scalar_one())


async def note_failed_sign_in(connection: AsyncConnection, digest: bytes) -> None:
    """Notes that a sign-in of an address failed."""
    await connection.execute(text("INSERT INTO failed_sign_ins (digest, at) VALUES (:digest, clock_timestamp())"), {"digest": digest})


async def forget_failures_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` failed sign-ins from before a moment; answers how many."""
    result = await connection.execute(
        text(
            """
            DELETE FROM failed_sign_ins WHERE ctid IN (
                SELECT ctid FROM failed_sign_ins WHERE at < :moment ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return result.rowcount
