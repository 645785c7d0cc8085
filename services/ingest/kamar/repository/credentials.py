"""The SQL of KAMAR's credentials."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential, as people may see it."""

    username: str
    created_at: datetime
    last_used_at: datetime | None


async def add(connection: AsyncConnection, school: str, username: str, password_hash: str, now: datetime) -> None:
    """Keeps a new credential."""
    await connection.execute(
        text(
            """
            INSERT INTO kamar_credentials (username, school, password_hash, created_at)
            VALUES (:username, :school, :password_hash, :now)
            """
        ),
        {"username": username, "school": school, "password_hash": password_hash, "now": now},
    )


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


async def used(connection: AsyncConnection, username: str, now: datetime) -> None:
    """Notes that a credential was used."""
    await connection.execute(
        text("UPDATE kamar_credentials SET last_used_at = :now WHERE username = :username"), {"username": username, "now": now}
    )
