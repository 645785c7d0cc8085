"""`star dlq`: the dead letters of all services, listed, shown, redriven and discarded by whoever has the database."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from deploy.deadletters import boxes
from shared.bus.interface import Message
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from tests.support.processes import run_star

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)


def letter(offset: int, reason: str = "no-calendar", school: str | None = "0999", topic: str = "star.marks.v1") -> DeadLetter:
    return DeadLetter(Message(topic, 3, offset, b"0999", b"a name", (("ce_id", b"id"),)), reason, "the calendar has not come", school)


@pytest.fixture
async def kept(database_url: str) -> dict[str, DeadLetter]:
    """Two letters of thresholds, one of moe-sync, and one that both keep."""
    both = letter(3, "unreadable", None, "star.students.v1")
    letters = {"first": letter(1), "second": letter(2, school="0189"), "upload": letter(9, "unknown-student"), "both": both}
    async with boxes(database_url) as all_boxes:
        for service, names in (("thresholds", ("first", "second", "both")), ("moe-sync", ("upload", "both"))):
            async with all_boxes.engines[service].begin() as connection:
                await DeadLetterBox(service.replace("-", "_")).keep(connection, [letters[name] for name in names], NOW)
    return letters


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def star(database_url: str, *arguments: str) -> str:
    return await asyncio.to_thread(run_star, ["dlq", *arguments], {"STAR_DATABASE_URL": database_url})


async def listed(database_url: str, *arguments: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(await star(database_url, "list", "--json", *arguments))["items"]
    return items


async def test_a_list_of_all_services(database_url: str, kept: dict[str, DeadLetter]) -> None:
    items = await listed(database_url)
    assert len(items) == 5
    assert {
        "id": str(kept["first"].id),
        "service": "thresholds",
        "topic": "star.marks.v1",
        "reason": "no-calendar",
        "school": "0999",
        "at": "2026-10-19T12:00:00+00:00",
    } in items
    assert [item["id"] for item in await listed(database_url, "--school", "189")] == [str(kept["second"].id)]
    assert [item["id"] for item in await listed(database_url, "--reason", "unknown-student")] == [str(kept["upload"].id)]
    assert [item["service"] for item in await listed(database_url, "--service", "moe-sync")] == ["moe-sync", "moe-sync"]
    assert str(kept["first"].id) in await star(database_url, "list")


async def test_a_letter_is_shown_without_the_record(database_url: str, kept: dict[str, DeadLetter]) -> None:
    shown = await star(database_url, "show", str(kept["first"].id))
    assert "the calendar has not come" in shown
    assert "a name" not in shown
    with pytest.raises(AssertionError, match="there is no dead letter"):
        await star(database_url, "show", str(uuid.uuid4()))


async def test_redriving(database_url: str, database: asyncpg.Connection, kept: dict[str, DeadLetter]) -> None:
    assert await star(database_url, "redrive", str(kept["both"].id)) == "redriven 1"
    for schema in ("thresholds", "moe_sync"):
        assert await database.fetchval(f"SELECT count(*) FROM {schema}.outbox WHERE topic = 'star.students.v1'") == 1
    assert await star(database_url, "redrive", "--all", "--school", "0999") == "redriven 2"
    assert [item["id"] for item in await listed(database_url)] == [str(kept["second"].id)]
    with pytest.raises(AssertionError, match="not kept, or settled before"):
        await star(database_url, "redrive", str(kept["both"].id))


async def test_discarding_keeps_the_reason(database_url: str, kept: dict[str, DeadLetter]) -> None:
    assert await star(database_url, "discard", str(kept["first"].id), str(kept["upload"].id), "--why", "a test school") == "discarded 2"
    assert len(await listed(database_url)) == 3
    shown = await star(database_url, "show", str(kept["first"].id))
    assert "discarded" in shown
    assert "a test school" in shown
    with pytest.raises(AssertionError, match="--why"):
        await star(database_url, "discard", str(kept["both"].id))


async def test_a_long_list_is_read_to_its_end(database_url: str, monkeypatch: pytest.MonkeyPatch, kept: dict[str, DeadLetter]) -> None:
    monkeypatch.setattr("deploy.deadletters.PAGE", 1)
    async with boxes(database_url) as all_boxes:
        assert len(await all_boxes.kept(None, None)) == 5
