"""The outbox's SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.headers import headers_from_text, headers_to_text
from shared.bus.interface import Outgoing, check_sizes
from shared.events.data import StudentErased, StudentUpdated
from shared.events.topics import STUDENTS

MOST_COUNTED: Final = 10_000

_student = msgspec.json.Decoder(StudentUpdated)


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that waits in the outbox."""

    id: int
    message: Outgoing


@dataclass(frozen=True, slots=True)
class Backlog:
    """The messages that wait in the outbox: `count` is at most MOST_COUNTED, `age` that of the oldest, by the database's clock.

    `refused` are those that the bus takes under no circumstances: they wait for a person.
    """

    count: int
    age: timedelta
    refused: int


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes a schema's relay."""
    return f"star_outbox_{schema}"


async def add(connection: AsyncConnection, messages: Sequence[Outgoing]) -> None:
    """Publishes messages with the caller's transaction: when it commits they will be sent, else they never were.

    Raises MessageTooLargeError here, at its origin: in the outbox it would hold up all that come after it.
    """
    if not messages:
        return
    check_sizes(messages)
    await connection.execute(
        text(
            """
            INSERT INTO outbox (topic, key, value, headers)
            SELECT * FROM unnest(
                CAST(:topics AS text[]), CAST(:keys AS bytea[]), CAST(:values AS bytea[]), CAST(:headers AS text[])
            )
            """
        ),
        {
            "topics": [message.topic for message in messages],
            "keys": [message.key for message in messages],
            "values": [message.value for message in messages],
            "headers": [headers_to_text(message.headers) for message in messages],
        },
    )
    await connection.execute(text("SELECT pg_notify('star_outbox_' || current_schema(), '')"))


async def oldest(connection: AsyncConnection, most: int) -> list[Pending]:
    """The messages to send next, in the order they were added."""
    rows = await connection.execute(
        text("SELECT id, topic, key, value, headers FROM outbox WHERE refused_at IS NULL ORDER BY id LIMIT :most"), {"most": most}
    )
    return [Pending(id_, Outgoing(topic, key, value, headers_from_text(headers))) for id_, topic, key, value, headers in rows]


async def remove(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Forgets messages that were sent."""
    await connection.execute(text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": list(ids)})


async def drop_student(connection: AsyncConnection, erased: StudentErased) -> int:
    """Drops what waits to be said of a student from before an erasure, also what can't be read; answers how many messages."""
    rows = await connection.execute(
        text("SELECT id, value FROM outbox WHERE topic = :topic AND key = :key AND value IS NOT NULL"),
        {"topic": STUDENTS.name, "key": str(erased.student_id).encode()},
    )
    older = [row.id for row in rows if _said_before(row.value, erased)]
    await remove(connection, older)
    return len(older)


def _said_before(value: bytes, erased: StudentErased) -> bool:
    try:
        return _student.decode(value).updated_at <= erased.erased_at
    except msgspec.DecodeError:
        return True


async def refuse(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Sets messages aside that the bus does not take, so that those behind them can go."""
    await connection.execute(text("UPDATE outbox SET refused_at = now() WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": list(ids)})


async def take_back_refused(connection: AsyncConnection) -> None:
    """Lets messages that were set aside be tried again: a person may have mended the bus."""
    await connection.execute(text("UPDATE outbox SET refused_at = NULL WHERE refused_at IS NOT NULL"))


async def backlog(connection: AsyncConnection) -> Backlog:
    """How many messages wait, up to a bound that keeps the question cheap, and how long the oldest has waited."""
    row = (
        await connection.execute(
            text(
                """
                SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE refused_at IS NULL LIMIT :most) waiting),
                    (SELECT greatest(clock_timestamp() - created_at, interval '0')
                     FROM outbox WHERE refused_at IS NULL ORDER BY id LIMIT 1),
                    (SELECT count(*) FROM outbox WHERE refused_at IS NOT NULL)
                """
            ),
            {"most": MOST_COUNTED},
        )
    ).one()
    return Backlog(row[0], row[1] or timedelta(), row[2])
