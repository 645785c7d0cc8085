"""A full page of the feed is read once for all who ask the same, and never sent when the feed has become another."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from services.thresholds.feed import repository as feed
from services.thresholds.feed.cursors import Cursor
from services.thresholds.feed.pages import FeedPage, PageQuestion, Pages
from services.thresholds.feed.rounds import Rounds
from shared.audit import repository as audit
from shared.audit.repository import AuditFilter
from shared.auth.principal import Principal
from shared.web.problems import ProblemError
from tests.integration.thresholds.conftest import NOW, Heart

PARTNER = Principal("partner", frozenset({"events:subscribe"}), None)


@dataclass
class Readers:
    """Readers of one process, and how often they have asked the feed for what is behind a cursor."""

    heart: Heart
    read: list[str]
    rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = Rounds(self.heart.engine, lambda: NOW, pages=Pages(most=2))

    async def page(
        self, schools: list[str] | None = None, after: Cursor | None = None, limit: int = 3, reader: Principal = PARTNER
    ) -> FeedPage:
        return await self.rounds.page(reader, PageQuestion(after or Cursor(), None if schools is None else tuple(schools), limit))

    async def publish(self, first: int, count: int, school: str = "0999") -> None:
        rows = [
            {
                "event_id": f"id-{number}",
                "event_type": "nz.star.threshold.crossed.v1",
                "source": "/thresholds",
                "school": school,
                "time": NOW - timedelta(minutes=60 - number),
                "data": f'{{"school": "{school}", "student": "{number}"}}',
            }
            for number in range(first, first + count)
        ]
        async with self.heart.engine.begin() as connection:
            await feed.append(connection, rows)


@pytest.fixture
def readers(heart: Heart) -> Iterator[Readers]:
    read: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "WHERE position > " in statement:
            read.append(statement)

    sqlalchemy_event.listen(heart.engine.sync_engine, "before_cursor_execute", note)
    yield Readers(heart, read)
    sqlalchemy_event.remove(heart.engine.sync_engine, "before_cursor_execute", note)


def students(page: FeedPage) -> list[str | None]:
    return [event.student for event in page.events]


async def test_readers_of_one_page_get_the_same_bytes(readers: Readers) -> None:
    await readers.publish(0, 5)
    pages = await asyncio.gather(*(readers.page() for _ in range(10)))
    assert students(pages[0]) == ["0", "1", "2"]
    assert all(page.body is pages[0].body and page.shown is pages[0].shown for page in pages)
    assert len(readers.read) == 1


async def test_a_page_that_is_not_full_is_read_each_time(readers: Readers) -> None:
    await readers.publish(0, 2)
    assert students(await readers.page()) == ["0", "1"]
    await readers.publish(2, 1)
    assert students(await readers.page()) == ["0", "1", "2"]
    assert len(readers.read) == 2


async def test_each_reader_gets_the_events_of_its_own_schools(readers: Readers) -> None:
    await readers.publish(0, 3)
    await readers.publish(3, 3, school="0189")
    assert students(await readers.page(["0999"])) == ["0", "1", "2"]
    assert students(await readers.page(["0189"])) == ["3", "4", "5"]
    assert students(await readers.page(["0189", "0999"], limit=6)) == ["0", "1", "2", "3", "4", "5"]
    assert students(await readers.page([])) == []


async def test_what_the_feed_has_dropped_is_not_sent_from_memory(readers: Readers) -> None:
    await readers.publish(0, 5)
    assert students(await readers.page()) == ["0", "1", "2"]
    async with readers.heart.engine.begin() as connection:
        assert await feed.forget_before(connection, NOW - timedelta(minutes=59, seconds=30), 10) == 1
    assert students(await readers.page()) == ["1", "2", "3"]


async def test_after_a_restore_the_page_is_read_anew(readers: Readers) -> None:
    await readers.publish(0, 5)
    first = await readers.page(limit=2)
    assert students(await readers.page(after=first.next, limit=2)) == ["2", "3"]
    # The restored feed has other events at the same places, from the second of that page on.
    async with readers.heart.engine.begin() as connection:
        await connection.execute(text("UPDATE feed SET event_id = 'other-' || position WHERE event_id IN ('id-3', 'id-4')"))
        await connection.execute(text("""UPDATE feed SET data = '{"school": "0999", "student": "other"}' WHERE event_id LIKE 'other-%'"""))
    assert students(await readers.page(after=first.next, limit=2)) == ["2", "other"]
    # A cursor behind an event that the restored feed does not have is refused, page or no page.
    async with readers.heart.engine.begin() as connection:
        await connection.execute(text("UPDATE feed SET event_id = 'other-1' WHERE event_id = 'id-1'"))
    with pytest.raises(ProblemError) as refused:
        await readers.page(after=first.next, limit=2)
    assert refused.value.status == 410


async def test_pages_in_memory_are_bounded(readers: Readers) -> None:
    await readers.publish(0, 6)
    for limit in (1, 2, 3, 1):
        await readers.page(limit=limit)
    assert len(readers.read) == 4
    await readers.page(limit=3)
    assert len(readers.read) == 4


def of(number: int) -> Principal:
    return Principal(f"partner-{number}", frozenset({"events:subscribe"}), None)


async def seen_by(readers: Readers, which: AuditFilter) -> list[tuple[str, list[str]]]:
    """The subjects of the audit log's lines of a school, and whom they saw, oldest first."""
    async with readers.heart.engine.connect() as connection:
        lines = await audit.page(connection, which, None, 100)
    assert {(line["role"], line["action"], line["school"]) for line in lines} <= {("admin", "read-events", which.school)}
    return [(line["subject"], line["students"]) for line in reversed(lines)]


async def test_each_reader_of_a_shared_page_is_on_record_with_the_students_it_saw(readers: Readers) -> None:
    await readers.publish(0, 3)
    await readers.publish(3, 1, school="0189")
    await asyncio.gather(*(readers.page(limit=4, reader=of(number)) for number in range(5)))
    # Later, by another round, and by one who sees a part of it only.
    await readers.page(limit=4, reader=of(5))
    await readers.page(["0189"], limit=1, reader=of(6))
    first = [(f"partner-{number}", ["0", "1", "2"]) for number in range(6)]
    assert sorted(await seen_by(readers, AuditFilter(school="0999"))) == first
    assert sorted(await seen_by(readers, AuditFilter(school="0189"))) == [(f"partner-{number}", ["3"]) for number in range(7)]
    assert await seen_by(readers, AuditFilter(school="0999", student="1", subject="partner-4", action="read-events")) == [first[4]]
    assert await seen_by(readers, AuditFilter(school="0999", student="3")) == []
    assert await seen_by(readers, AuditFilter(school="0999", before=NOW)) == []
    async with readers.heart.engine.connect() as connection:
        counted = await audit.accounts(connection, "0189", NOW, 100)
        assert sorted((row["subject"], row["lines"]) for row in counted) == [(f"partner-{number}", 1) for number in range(7)]
        # The students of a page are written once for all its readers.
        assert (await connection.execute(text("SELECT count(*) FROM audit WHERE action = 'read-events'"))).scalar_one() == 3


async def test_the_log_of_a_shared_page_is_read_page_by_page_without_a_gap(readers: Readers) -> None:
    await readers.publish(0, 3)
    await asyncio.gather(*(readers.page(reader=of(number)) for number in range(7)))
    found, after = [], None
    async with readers.heart.engine.connect() as connection:
        while lines := await audit.page(connection, AuditFilter(school="0999"), after, 3):
            found += [line["subject"] for line in lines]
            after = (lines[-1]["at"], lines[-1]["id"])
    assert sorted(found) == [f"partner-{number}" for number in range(7)]


async def test_a_restore_that_loses_the_first_readers_line_loses_no_other(readers: Readers, database_url: str) -> None:
    await readers.publish(0, 3)
    await readers.page(reader=of(0))
    owner = await asyncpg.connect(database_url)
    await owner.execute("SET session_replication_role = replica; DELETE FROM thresholds.audit")
    await owner.close()
    await readers.page(reader=of(1))
    assert await seen_by(readers, AuditFilter(school="0999")) == [("partner-1", ["0", "1", "2"])]


async def test_one_question_that_fails_is_no_other_readers_failure(readers: Readers) -> None:
    await readers.publish(0, 2)
    await readers.publish(2, 1, school="0189")
    async with readers.heart.engine.begin() as connection:
        await connection.execute(text("UPDATE feed SET data = 'broken' WHERE school = '0189'"))
    whole, part, lost = await asyncio.gather(readers.page(), readers.page(["0999"]), readers.page(after=Cursor(9)), return_exceptions=True)
    assert isinstance(whole, msgspec.DecodeError)
    assert isinstance(part, FeedPage)
    assert students(part) == ["0", "1"]
    assert isinstance(lost, ProblemError)


async def test_a_reader_that_has_gone_holds_up_nobody(readers: Readers) -> None:
    await readers.publish(0, 3)
    first = asyncio.create_task(readers.page(reader=of(0)))
    await asyncio.sleep(0)
    gone, there = asyncio.create_task(readers.page(reader=of(1))), asyncio.create_task(readers.page(reader=of(2)))
    await asyncio.sleep(0)
    gone.cancel()
    assert students(await first) == students(await there) == ["0", "1", "2"]
    assert sorted(subject for subject, _ in await seen_by(readers, AuditFilter(school="0999"))) == ["partner-0", "partner-2"]
