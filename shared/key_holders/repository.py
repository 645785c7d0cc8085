"""SQL of the children behind keys that a school has given to more than one."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

FIRST: Final = "~1"
"""Behind a key that more than one child has had, it names the first of them."""

Child = tuple[str, str]
"""A school, and the engine's key of a child there."""


class Holder(NamedTuple):
    """A child to whom a school gave a key that another had before, and the moment from which they have it."""

    school: str
    key: str
    student: str
    since: datetime


async def keep(connection: AsyncConnection, holders: Iterable[Holder]) -> None:
    """Keeps to whom keys were given."""
    told = [holder._asdict() for holder in sorted(set(holders))]
    if told:
        await connection.execute(
            text(
                """
                INSERT INTO key_holders (school, key, student, since) VALUES (:school, :key, :student, :since)
                ON CONFLICT (school, key, student) DO UPDATE SET since = excluded.since WHERE key_holders.since <> excluded.since
                """
            ),
            told,
        )


async def named(connection: AsyncConnection, school: str, names: Collection[str]) -> list[str]:
    """The children whom people mean by keys: those who have them now; with `~1`, the first of a key."""
    rows = await connection.execute(
        text(
            """
            SELECT coalesce(
                (SELECT student FROM key_holders WHERE school = :school AND key = name ORDER BY since DESC LIMIT 1),
                (SELECT key FROM key_holders WHERE school = :school AND key || :first = name LIMIT 1),
                name
            ) AS student
            FROM unnest(CAST(:names AS text[])) AS w(name)
            """
        ),
        {"school": school, "names": sorted(set(names)), "first": FIRST},
    )
    return [row.student for row in rows]


async def outward(connection: AsyncConnection, school: str) -> dict[str, str]:
    """The names by which people know children whose key has been another's: the child who has it now by the key alone."""
    return {student: name for (_, student), name in (await outward_of(connection, [school])).items()}


async def outward_of(connection: AsyncConnection, schools: Collection[str] | None) -> Mapping[Child, str]:
    """The same of several schools; of all for None."""
    of_schools = "" if schools is None else "WHERE school = ANY(CAST(:schools AS text[]))"
    rows = await connection.execute(
        text(
            f"SELECT DISTINCT ON (school, key) school, key, student FROM key_holders {of_schools} ORDER BY school, key, since DESC"  # noqa: S608
        ),
        {} if schools is None else {"schools": sorted(schools)},
    )
    return {(row.school, student): name for row in rows for student, name in ((row.key, row.key + FIRST), (row.student, row.key))}
