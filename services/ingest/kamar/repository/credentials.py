"""The SQL of KAMAR's credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential, as people may see it."""

    username: str
    created_at: datetime
    last_used_at: datetime | None


async def add(
    connection: AsyncConnection, school: str, username: str, password_hash: str, now: datetime, salt: bytes | None = None
) -> bool:
    """Keeps a new credential; False where its name is taken."""
    added = await connection.execute(
        text(
            """
            INSERT INTO kamar_credentials (username, school, password_hash, created_at, salt)
            VALUES (:username, :school, :password_hash, :now, :salt) ON CONFLICT (username) DO NOTHING
            """
        ),
        {"username": username, "school": school, "password_hash": password_hash, "now": now, "salt": salt},
    )
    return added.rowcount == 1


async def asked_for(connection: AsyncConnection, school: str, username: str) -> tuple[bytes | None, str] | None:
    """The random half of a credential's password, and the hash of the whole."""
    row = (
        await connection.execute(
            text("SELECT salt, password_hash FROM kamar_credentials WHERE school = :school AND username = :username"),
            {"school": school, "username": username},
        )
    ).one_or_none()
    return None if row is None else (row.salt, row.password_hash)


async def of_school(connection: AsyncConnection, school: str) -> list[Credential]:
    """A school's credentials, oldest first."""
    rows = await connection.execute(
        text("SELECT username, created_at, last_used_at FROM kamar_credentials WHERE school = :school ORDER BY created_at, username"),
        {"school": school},
    )
    return [Credential(*row) for row in rows]


async def remove(connection: AsyncConnection, school: str, username: str) -> bool:
    """Revokes a credential; False when the school has no such one."""
    removed = await connection.execute(
        text("DELETE FROM kamar_credentials WHERE school = :school AND username = :username"), {"school": school, "username": username}
    )
    return removed.rowcount == 1


async def hash_of(connection: AsyncConnection, username: str) -> tuple[str, str] | None:
    """The school and the password's hash of a credential."""
    row = (
        await connection.execute(
            text("SELECT school, password_hash FROM kamar_credentials WHERE username = :username"), {"username": username}
        )
    ).one_or_none()
    return None if row is None else (row.school, row.password_hash)


async def used(connection: AsyncConnection, username: str, password_hash: str, now: datetime) -> None:
    """Notes that a credential was used, once a minute at most: a push has many requests. A hash of the old form becomes this one."""
    await connection.execute(
        text(
            """
            UPDATE kamar_credentials SET last_used_at = :now, password_hash = :password_hash
            WHERE username = :username AND (last_used_at IS NULL OR last_used_at <= :rested OR password_hash <> :password_hash)
            """
        ),
        {"username": username, "password_hash": password_hash, "now": now, "rested": now - NOTED_EVERY},
    )
