"""A full page of the feed is read once for all who ask the same, and never sent when the feed has become another."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from services.thresholds.feed import repository as feed
from services.thresholds.feed.cursors import Cursor
from services.thresholds.feed.encoded import EncodedEvents
from services.thresholds.feed.pages import FeedPage, Pages
from services.thresholds.feed.reading import events_after
from shared.web.problems import ProblemError
from tests.integration.thresholds.conftest import NOW, Heart


@dataclass
class Readers:
    """Readers of one process, and how often they have asked the feed for what is behind a cursor."""

    heart: Heart
    read: list[str]
    encoded: EncodedEvents = field(default_factory=EncodedEvents)
    pages: Pages = field(default_factory=lambda: Pages(most=2))

    async def page(self, schools: list[str] | None = None, after: Cursor | None = None, limit: int = 3) -> FeedPage:
        async with self.heart.engine.connect() as connection:
            return await events_after(connection, self.encoded, self.pages, after or Cursor(), schools=schools, limit=limit)

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
    assert all(page.items is pages[0].items and page.shown is pages[0].shown for page in pages)
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
