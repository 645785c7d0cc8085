"""The feed keeps what the topics keep, and no longer."""

from datetime import timedelta
from typing import Any

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import FEED_KEPT_FOR
from services.thresholds.feed.cursors import Cursor, Event
from services.thresholds.feed.encoded import EncodedEvent, EncodedEvents
from services.thresholds.feed.on_record import shown_in
from services.thresholds.feed.pages import PageQuestion, Pages
from services.thresholds.feed.reading import events_after
from shared.audit.log import log_shown
from shared.auth.principal import Principal
from tests.integration.thresholds.conftest import NOW, Heart
from tests.support.statements import round_trips


def event(number: int, age: timedelta) -> dict[str, object]:
    return {
        "event_id": f"id-{number}",
        "event_type": "nz.star.threshold.crossed.v1",
        "source": "/thresholds",
        "school": "0999",
        "time": NOW - age,
        "data": "{}",
    }


async def test_events_go_when_they_are_too_old_a_few_at_a_time(heart: Heart) -> None:
    second = timedelta(seconds=1)
    ages = [FEED_KEPT_FOR + 3 * second, FEED_KEPT_FOR + 2 * second, FEED_KEPT_FOR + second, FEED_KEPT_FOR - second, second]
    async with heart.engine.begin() as connection:
        await feed.append(connection, [event(number, age) for number, age in enumerate(ages)])

    forgotten = []
    for _ in range(3):
        async with heart.engine.begin() as connection:
            forgotten.append(await feed.forget_before(connection, NOW - FEED_KEPT_FOR, 2))
    assert forgotten == [2, 1, 0]

    async with heart.engine.connect() as connection:
        left = await feed.after(connection, position=0, schools=None, limit=10)
    assert [event.event_id for event in left] == ["id-3", "id-4"]


async def test_an_event_is_read_and_encoded_once_for_all_who_may_read_it(heart: Heart) -> None:
    read: list[str] = []

    @sqlalchemy_event.listens_for(heart.engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "data FROM feed" in statement:
            read.append(statement)

    encoded = EncodedEvents(most=3)
    schools = ["0999", "0189", "0999", "0189"]
    young = [event(number, timedelta(minutes=number)) | {"school": school} for number, school in enumerate(schools)]
    async with heart.engine.begin() as connection:
        await feed.append(
            connection, [row | {"data": f'{{"school": "{row["school"]}", "student": "{place}"}}'} for place, row in enumerate(young)]
        )

    async def students(schools: list[str] | None) -> list[str | None]:
        async with heart.engine.connect() as connection:
            page = await events_after(connection, encoded, Pages(), PageQuestion(Cursor(), schools and tuple(schools), 10))
        return [event.student for event in page.events]

    assert await students(["0999"]) == ["0", "2"]
    assert await students(["0999"]) == ["0", "2"]
    assert len(read) == 1
    # Another school's reader gets its own events only, and nothing of what is in memory.
    assert await students(["0189"]) == ["1", "3"]
    assert len(read) == 2
    # What was dropped is not sent from memory; what did not fit into it is read again.
    async with heart.engine.begin() as connection:
        assert await feed.forget_before(connection, NOW - timedelta(minutes=2), 1) == 0
        await connection.execute(text("DELETE FROM feed WHERE event_id = 'id-2'"))
    assert await students(None) == ["0", "1", "3"]
    assert len(read) == 3


async def test_the_record_of_who_read_events_costs_the_same_statements_for_one_school_and_for_many(heart: Heart) -> None:
    caller = Principal("partner", frozenset({"events:subscribe"}), None)
    costs = []
    for schools in (["0001"], [f"{number:04}" for number in range(100, 150)]):
        events = [
            EncodedEvent(Cursor.of(Event(place, f"id-{place}", NOW)), school, f"student-{place}", b"{}", b"")
            for place, school in enumerate(schools * 2)
        ]
        with round_trips(heart.engine) as seen:
            async with heart.engine.begin() as connection:
                shown = shown_in(events)
                await log_shown(connection, [caller], shown, NOW)
                await log_shown(connection, [caller] * 3, shown, NOW)
        costs.append(len(seen))
        async with heart.engine.connect() as connection:
            lines = await connection.execute(
                text("SELECT school, cardinality(students) FROM audit WHERE action = 'read-events' ORDER BY id")
            )
            assert [tuple(line) for line in lines][-len(schools) :] == [(school, 2) for school in schools]
    assert costs == [3, 3]
