"""A feed that was restored from a backup: readers from the lost time are told where to read again."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from services.thresholds.app import create_app
from shared.events.envelope import Event
from tests.integration.thresholds.feed.conftest import PATIENCE, Feed, events
from tests.support.crossings import down, up
from tests.support.dumps import dump, restore
from tests.support.servers import serving

GONE = "urn:nz-star:problem:cursor-of-another-history"


def later(event: Event) -> Event:
    """The same event, said anew after the restore."""
    return Event(event.type, event.id, event.source, event.time + timedelta(hours=1), event.key, event.data)


async def test_a_cursor_of_the_lost_time_is_told_where_to_read_again(feed: Feed, tmp_path: Path) -> None:
    kept, lost, after = up(5, 11, to="yellow"), [up(10, 21, to="orange"), up(15, 31, to="red")], down(15, 29, to="orange")
    file = tmp_path / "backup"
    await feed.publish(kept)
    async with httpx.AsyncClient(timeout=PATIENCE, headers=feed.headers() | {"Accept": "application/json"}) as client:

        async def ask(url: str, **parameters: Any) -> httpx.Response:
            return await client.get(f"{url}/v1/events", params=parameters)

        async with serving(create_app(feed.settings)) as url:
            before = (await ask(url)).json()["next"]
            await dump(feed.settings.database_url, ["thresholds"], file)
            await feed.publish(*lost)
            page = (await ask(url, after=before)).json()
            assert [item["id"] for item in page["items"]] == [event.id for event in lost]
            cursor = page["next"]
        await feed.engine.dispose()
        await restore(feed.settings.database_url, ["thresholds"], file)

        async with serving(create_app(feed.settings)) as url:
            # Past the end of what is there: the cursor of the release before would have read nothing, for ever.
            for lost_cursor in (cursor, cursor.partition("-")[0]):
                answer = await ask(url, after=lost_cursor, wait=0)
                assert (answer.status_code, answer.json()["type"], answer.json()["read_from"]) == (410, GONE, "0")
            # One that was behind the backup goes on.
            assert (await ask(url, after=before)).json() == {"items": [], "next": before}

            # The same ids come again, at the same places, and one that the reader has never had is among them.
            await feed.publish(later(lost[0]), later(lost[1]), after)
            answer = await ask(url, after=cursor)
            assert (answer.status_code, answer.json()["type"]) == (410, GONE)
            again = (await ask(url, after=answer.json()["read_from"])).json()
            assert [item["id"] for item in again["items"]] == [kept.id, lost[0].id, lost[1].id, after.id]
            assert (await ask(url, after=again["next"])).json() == {"items": [], "next": again["next"]}

            async with feed.stream(url, headers={"Last-Event-ID": cursor}) as (stream, _):
                assert stream.status_code == 410
                assert json.loads(await stream.aread())["read_from"] == "0"
            async with feed.stream(url, headers={"Last-Event-ID": before}) as (_, said):
                assert [piece.data["id"] for piece in await events(said, 3)] == [lost[0].id, lost[1].id, after.id]


async def test_a_stream_ends_when_what_it_has_sent_is_no_longer_there(feed: Feed) -> None:
    await feed.publish(up(5, 11, to="yellow"), up(10, 21, to="orange"))
    async with serving(create_app(feed.settings)) as url, feed.stream(url) as (_, said):
        await events(said, 2)
        # As a restore into the running database leaves it.
        async with feed.engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM feed WHERE position = 2")
        async with asyncio.timeout(PATIENCE):
            assert {piece.event async for piece in said} <= {None}
