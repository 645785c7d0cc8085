"""A record that can't be applied is kept once, never in a flood, and sent again when it may work."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.interface import Message
from shared.bus.processor import BatchRefusedError
from shared.db.engine import create_engine
from shared.deadletters.box import FLOOD_WINDOW, DeadLetterBox
from shared.deadletters.letter import DeadLetter
from tests.integration.shared.conftest import Sql

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
BOX = DeadLetterBox("thresholds", limit=5)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=2)
    yield engine
    await engine.dispose()


def letter(offset: int, reason: str = "no-calendar", *, school: str | None = "0999", value: bytes | None = None) -> DeadLetter:
    message = Message("star.marks.v1", 3, offset, b"0999", b"marks-%d" % offset, (("ce_id", b"id"), ("raw", b"\xff")))
    return DeadLetter(message, reason, "the calendar has not come", school, value)


async def keep(engine: AsyncEngine, *letters: DeadLetter, now: datetime = NOW) -> None:
    async with engine.begin() as connection:
        await BOX.keep(connection, letters, now)


async def state_of(sql: Sql, kept: DeadLetter) -> str:
    return str((await sql("SELECT state FROM thresholds.dead_letters WHERE id = $1", kept.id))[0]["state"])


async def outbox(sql: Sql, topic: str) -> list[bytes]:
    return [row["value"] for row in await sql("SELECT value FROM thresholds.outbox WHERE topic = $1 ORDER BY id", topic)]


async def count(sql: Sql) -> int:
    return int((await sql("SELECT count(*) FROM thresholds.dead_letters"))[0][0])


async def test_a_letter_is_kept_whole_and_its_topic_told_without_it(engine: AsyncEngine, sql: Sql) -> None:
    kept = DeadLetter(letter(17).message, "no-calendar", "the calendar has not come", "0999", count=12)
    await keep(engine, kept)

    [row] = await sql("SELECT * FROM thresholds.dead_letters")
    assert (row["topic"], row["partition"], row["offset"], row["key"], row["value"]) == ("star.marks.v1", 3, 17, b"0999", b"marks-17")
    assert (row["school"], row["reason"], row["detail"]) == ("0999", "no-calendar", "the calendar has not come")
    assert (row["count"], row["state"], row["created_at"], row["settled_at"]) == (12, "kept", NOW, None)
    [told] = await outbox(sql, "star.dead-letters.v1")
    assert msgspec.json.decode(told) == {
        "dead_letter_id": str(kept.id),
        "service": "thresholds",
        "topic": "star.marks.v1",
        "partition": 3,
        "offset": 17,
        "reason": "no-calendar",
        "count": 12,
        "school": "0999",
    }


async def test_a_batch_that_comes_again_keeps_and_tells_nothing_twice(engine: AsyncEngine, sql: Sql) -> None:
    await keep(engine, letter(1), letter(2))
    await keep(engine, letter(1), letter(2), letter(2, "outside-term"), now=NOW + timedelta(minutes=1))
    assert await count(sql) == 3
    assert len(await outbox(sql, "star.dead-letters.v1")) == 3


async def test_a_flood_is_refused_whole(engine: AsyncEngine, sql: Sql) -> None:
    await keep(engine, letter(1), letter(2))
    with pytest.raises(BatchRefusedError, match="6 dead letters"):
        await keep(engine, *(letter(offset) for offset in range(3, 7)))
    assert await count(sql) == 2
    assert len(await outbox(sql, "star.dead-letters.v1")) == 2
    await keep(engine, *(letter(offset) for offset in range(3, 6)))


async def test_a_full_box_takes_what_it_has_already(engine: AsyncEngine, sql: Sql) -> None:
    full = [letter(offset) for offset in range(5)]
    await keep(engine, *full)
    # The process was killed before the offsets were committed: the batch comes again, and must not stop it for good.
    await keep(engine, *full)
    with pytest.raises(BatchRefusedError):
        await keep(engine, letter(5))
    assert await count(sql) == 5


async def test_only_a_recent_flood_counts_and_only_what_nobody_dealt_with(engine: AsyncEngine, sql: Sql) -> None:
    old = [letter(offset) for offset in range(5)]
    await keep(engine, *old)
    later = NOW + FLOOD_WINDOW + timedelta(seconds=1)
    new = [letter(offset) for offset in range(5, 10)]
    await keep(engine, *new, now=later)
    with pytest.raises(BatchRefusedError):
        await keep(engine, letter(10), now=later)

    async with engine.begin() as connection:
        assert await BOX.discard(connection, new[0].id, later)
    await keep(engine, letter(10), now=later)
    assert await count(sql) == 11


async def test_a_letter_is_redriven_once_as_it_came(engine: AsyncEngine, sql: Sql) -> None:
    whole, part = letter(1), letter(2, value=b"the marks that could not be applied")
    await keep(engine, whole, part)
    async with engine.begin() as connection:
        assert [await BOX.redrive(connection, kept.id, NOW) for kept in (whole, part, whole, letter(99))] == [True, True, False, False]

    assert await outbox(sql, "star.marks.v1") == [b"marks-1", b"the marks that could not be applied"]
    [row, _] = await sql("SELECT key, headers FROM thresholds.outbox WHERE topic = 'star.marks.v1'")
    assert (row["key"], row["headers"]) == (b"0999", '[["ce_id","id"],["raw","\u00ff"]]')
    assert await state_of(sql, whole) == "redriven"
    # Comes it back, it is a letter of its own: it lies at another place.
    await keep(engine, letter(3))
    assert await count(sql) == 3


async def test_whoever_counts_dead_letters_hears_what_became_of_one(engine: AsyncEngine, sql: Sql) -> None:
    tried, given_up = letter(1), letter(2)
    await keep(engine, tried, given_up)
    async with engine.begin() as connection:
        assert await BOX.redrive(connection, tried.id, NOW)
        assert await BOX.discard(connection, given_up.id, NOW)
        assert not await BOX.discard(connection, tried.id, NOW)

    rows = await sql("SELECT key, value FROM thresholds.outbox WHERE topic = 'star.dead-letters.v1' ORDER BY id")
    # Behind the events that told of them: the same key.
    assert {row["key"] for row in rows} == {b"star.marks.v1/3"}
    assert [msgspec.json.decode(row["value"]) for row in rows[2:]] == [
        {"dead_letter_id": str(tried.id), "service": "thresholds", "outcome": "redriven"},
        {"dead_letter_id": str(given_up.id), "service": "thresholds", "outcome": "discarded"},
    ]


async def test_what_a_rolled_back_redrive_sent_was_never_sent(engine: AsyncEngine, sql: Sql) -> None:
    kept = letter(1)
    await keep(engine, kept)
    async with engine.begin() as connection:
        await BOX.redrive(connection, kept.id, NOW)
        await connection.rollback()
    assert await outbox(sql, "star.marks.v1") == []
    assert await state_of(sql, kept) == "kept"


async def test_a_school_is_redriven_in_the_order_of_its_records(engine: AsyncEngine, sql: Sql) -> None:
    others = [letter(20, school="0001"), letter(21, school=None), letter(22, "bad-data")]
    settled = letter(23)
    await keep(engine, letter(7), letter(30), letter(9, "outside-term"), settled)
    await keep(engine, letter(8), now=NOW + 2 * FLOOD_WINDOW)
    await keep(engine, *others, now=NOW + 4 * FLOOD_WINDOW)
    async with engine.begin() as connection:
        await BOX.discard(connection, settled.id, NOW)
        assert await BOX.redrive_school(connection, "0999", ["no-calendar", "outside-term"], NOW) == 4
        assert await BOX.redrive_school(connection, "0999", ["no-calendar", "outside-term"], NOW) == 0

    assert await outbox(sql, "star.marks.v1") == [b"marks-7", b"marks-8", b"marks-9", b"marks-30"]
    assert [await state_of(sql, other) for other in others] == ["kept"] * 3


async def test_a_message_without_key_or_value_can_be_kept(engine: AsyncEngine, sql: Sql) -> None:
    kept = DeadLetter(Message("star.students.v1", 0, 5, None, None), "not-an-event", "the message has no key")
    await keep(engine, kept)
    async with engine.begin() as connection:
        assert await BOX.redrive(connection, kept.id, NOW)
    [row] = await sql("SELECT key, value FROM thresholds.outbox WHERE topic = 'star.students.v1'")
    assert (row["key"], row["value"]) == (b"", None)
