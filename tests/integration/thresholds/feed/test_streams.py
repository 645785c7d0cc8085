"""The events feed as a stream, through a real server and a real database."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
from sqlalchemy import text

from services.thresholds.app import create_app
from shared.auth.keys import revoke_token
from shared.events.catalogue import LETTERS_HELD, LETTERS_RELEASED, MARKS_RECORDED, PLAN_PUBLISHED, PLAN_REVIEW_DUE
from shared.events.data import LettersHeld, LettersReleased, MarksRecorded, PlanPublished, PlanReviewDue
from shared.events.envelope import Event
from shared.identifiers import student_id
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Holder
from shared.waiting import wait_until_set
from tests.integration.thresholds.feed.conftest import PATIENCE, Feed, events
from tests.support.crossings import SAID_AT, SCHOOL, STUDENT, STUDENT_ID, TERM, down, up
from tests.support.servers import serving


async def test_a_stream_says_what_there_is_and_then_what_comes(feed: Feed) -> None:
    await feed.publish(up(5, 11, to="yellow"))
    async with serving(create_app(feed.settings)) as url, feed.stream(url) as (answer, said):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept"
        assert (await anext(said)).retry == "3000"
        (first,) = await events(said, 1)
        await feed.publish(down(5, 9, to="green"))
        (second,) = await events(said, 1)

        polled = await httpx.AsyncClient().get(f"{url}/v1/events", headers=feed.headers() | {"Accept": "application/json"})
    assert (first.event, str(first.id).partition("-")[0]) == ("nz.star.threshold.crossed.v1", "1")
    assert (second.event, str(second.id).partition("-")[0]) == ("nz.star.threshold.retracted.v1", "2")
    # Both forms say the same, and the cursor of one is the cursor of the other.
    assert [first.data, second.data] == polled.json()["items"]
    assert polled.json()["next"] == second.id
    assert polled.headers["content-type"] == "application/json"


async def test_it_goes_on_where_it_broke_off(feed: Feed) -> None:
    told = [up(5, 11, to="yellow"), up(10, 21, to="orange"), up(15, 31, to="red")]
    await feed.publish(*told)
    async with serving(create_app(feed.settings)) as url:
        async with feed.stream(url, headers={"Last-Event-ID": "1"}, params={"after": "0"}) as (_, said):
            assert [piece.data["id"] for piece in await events(said, 2)] == [told[1].id, told[2].id]
        async with feed.stream(url, params={"after": "2"}) as (_, said):
            assert [piece.data["id"] for piece in await events(said, 1)] == [told[2].id]
        async with feed.stream(url, headers={"Last-Event-ID": "made-up"}) as (answer, _):
            assert answer.status_code == 422


async def test_children_of_one_key_are_named_as_their_school_names_them_now(feed: Feed) -> None:
    """An event of a key's first child, said before another had it: its key leads to the other child today."""
    await feed.publish(up(5, 11, to="yellow"), up(5, 11, to="yellow", student="678"))
    polling = feed.headers() | {"Accept": "application/json"}

    async def polled(url: str) -> list[tuple[str, str]]:
        async with httpx.AsyncClient() as client:
            items = (await client.get(f"{url}/v1/events", headers=polling)).raise_for_status().json()["items"]
        return [(item["data"]["student"], item["data"]["student_id"]) for item in items]

    async with serving(create_app(feed.settings)) as url:
        first, other = str(STUDENT_ID), str(student_id(SCHOOL, "678"))
        assert await polled(url) == [(STUDENT, first), ("678", other)]
        second = f"{STUDENT}~2"
        await feed.publish(up(10, 21, to="orange", student=second))
        async with feed.engine.begin() as connection:
            await key_holders.keep(connection, [Holder(SCHOOL, STUDENT, second, SAID_AT), Holder("0189", "678", "678~2", SAID_AT)])
        named = [(f"{STUDENT}~1", first), ("678", other), (STUDENT, str(student_id(SCHOOL, second)))]
        assert await polled(url) == named
        async with feed.stream(url) as (_, said):
            streamed = [(piece.event, piece.data["data"]) for piece in await events(said, 3)]
        assert [(data["student"], data["student_id"]) for _, data in streamed] == named
        assert [(event, data["absent_days"]) for event, data in streamed] == [
            ("nz.star.threshold.crossed.v1", 5.5),
            ("nz.star.threshold.crossed.v1", 5.5),
            ("nz.star.threshold.crossed.v1", 10.5),
        ]
        # A child from whom the key went on is told apart by the number that the engine gave.
        third = f"{STUDENT}~3"
        async with feed.engine.begin() as connection:
            await key_holders.keep(connection, [Holder(SCHOOL, STUDENT, third, SAID_AT + timedelta(days=1))])
        assert [student for student, _ in await polled(url)] == [f"{STUDENT}~1", "678", second]
    async with feed.engine.connect() as connection:
        rows = await connection.execute(text("SELECT DISTINCT unnest(students) AS student FROM audit WHERE action = 'read-events'"))
        # On record is the child, whatever the name is by then.
        assert set(rows.scalars()) == {STUDENT, second, "678"}


async def test_a_stream_is_of_the_tokens_schools(feed: Feed) -> None:
    plan = PlanPublished(school="0189", version=1, effective_on=date(2026, 2, 1), review_on=date(2029, 2, 1), published_at=SAID_AT)
    await feed.publish(up(5, 11, to="yellow"), Event(PLAN_PUBLISHED, str(uuid4()), "/thresholds", SAID_AT, "0189", plan))
    async with serving(create_app(feed.settings)) as url:
        async with feed.stream(url, claims={"schools": ["0189"]}) as (_, said):
            assert [piece.event for piece in await events(said, 1)] == ["nz.star.plan.published.v1"]
        async with feed.stream(url, claims={"schools": ["*"]}) as (_, said):
            assert len(await events(said, 2)) == 2


async def test_held_letters_reminders_and_marks_are_not_in_the_feed(feed: Feed) -> None:
    whose: dict[str, Any] = {"school": SCHOOL, "student": STUDENT, "student_id": STUDENT_ID, "term": TERM}
    key = str(STUDENT_ID)
    await feed.publish(
        Event(LETTERS_HELD, str(uuid4()), "/thresholds", SAID_AT, key, LettersHeld(**whose, held_at=SAID_AT)),
        Event(LETTERS_RELEASED, str(uuid4()), "/thresholds", SAID_AT, key, LettersReleased(**whose, released_at=SAID_AT)),
        Event(
            PLAN_REVIEW_DUE,
            str(uuid4()),
            "/thresholds",
            SAID_AT,
            SCHOOL,
            PlanReviewDue(school=SCHOOL, version=1, review_on=date(2026, 12, 1), noticed_at=SAID_AT),
        ),
        Event(MARKS_RECORDED, str(uuid4()), "/ingest", SAID_AT, SCHOOL, MarksRecorded(SCHOOL, "test", SAID_AT, [])),
        up(5, 11, to="yellow"),
    )
    async with serving(create_app(feed.settings)) as url, feed.stream(url) as (_, said):
        assert [piece.event for piece in await events(said, 1)] == ["nz.star.threshold.crossed.v1"]


async def test_a_quiet_stream_shows_that_it_lives(feed: Feed) -> None:
    async with serving(create_app(feed.settings)) as url, feed.stream(url) as (_, said):
        async with asyncio.timeout(PATIENCE):
            comments = [(await anext(said)).comment for _ in range(3)]
    assert comments == ["events", "alive", "alive"]


async def test_it_ends_when_the_token_does(feed: Feed) -> None:
    headers = feed.headers()
    claims = jwt.decode(headers["Authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    async with serving(create_app(feed.settings)) as url, feed.stream(url, headers=headers) as (answer, said):
        assert answer.status_code == 200
        assert (await anext(said)).retry == "3000"
        revoke_token(feed.settings.data, claims["jti"])
        # Verified tokens are remembered for some seconds; then the next sign of life is the last.
        async with asyncio.timeout(PATIENCE):
            assert {piece.event async for piece in said} == {None}


async def test_it_ends_cleanly_when_the_server_stops(feed: Feed) -> None:
    settings = feed.settings.model_copy(update={"feed_heartbeat": timedelta(seconds=50)})
    listening, ended = asyncio.Event(), asyncio.Event()

    async def listen(url: str) -> None:
        async with feed.stream(url) as (_, said):
            async for _ in said:
                listening.set()
        # Without an error: httpx raises for an answer that breaks off.
        ended.set()

    async with serving(create_app(settings)) as url:
        client = asyncio.create_task(listen(url))
        assert await wait_until_set(listening, PATIENCE)
    assert await wait_until_set(ended, PATIENCE)
    await client


async def test_streams_are_bounded_for_each_subject_and_in_all(feed: Feed) -> None:
    settings = feed.settings.model_copy(update={"feed_streams": 3, "feed_streams_each": 2})
    async with serving(create_app(settings)) as url:
        async with feed.stream(url) as (first, _), feed.stream(url) as (second, _), feed.stream(url) as (third, _):
            assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
            assert json.loads(await third.aread())["type"] == "urn:nz-star:problem:too-many-streams"
            async with (
                feed.stream(url, claims={"subject": "another"}) as (other, _),
                feed.stream(url, claims={"subject": "a third"}) as (late, _),
            ):
                assert [other.status_code, late.status_code] == [200, 429]

        # Places are free again once the clients are gone, at the latest with the next sign of life.
        async with asyncio.timeout(PATIENCE):
            while True:
                async with feed.stream(url) as (one, _), feed.stream(url) as (two, _):
                    if [one.status_code, two.status_code] == [200, 200]:
                        break
                await asyncio.sleep(0.05)


async def test_without_the_scope_or_for_a_part_of_a_school_there_is_none(feed: Feed) -> None:
    async with serving(create_app(feed.settings)) as url:
        async with feed.stream(url, headers={"Authorization": "Bearer nobody"}) as (answer, _):
            assert answer.status_code == 401
        async with feed.stream(url, claims={"groups": ["9A"]}) as (answer, _):
            assert answer.status_code == 403


async def test_a_long_poll_ends_when_the_server_stops(feed: Feed) -> None:
    sent = asyncio.Event()

    async def trace(name: str, _: Any) -> None:
        if name == "http11.receive_response_headers.started":
            sent.set()

    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        async with serving(create_app(feed.settings)) as url:
            headers = feed.headers() | {"Accept": "*/*"}
            asked = client.get(f"{url}/v1/events", params={"wait": 30}, headers=headers, extensions={"trace": trace})
            poll = asyncio.create_task(asked)
            assert await wait_until_set(sent, PATIENCE)
            # Behind it, so that the server has read the first one by the time it answers this.
            assert (await client.get(f"{url}/v1/events", headers=headers)).json() == {"items": [], "next": "0"}
        assert (await poll).json() == {"items": [], "next": "0"}
