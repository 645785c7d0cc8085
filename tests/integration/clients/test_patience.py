"""Each client repeats a request as a server asks it to, and a repeated post makes one thing. All on real servers."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.clients.drivers import RECORD, Call, Story, Told, python, python_async, typescript
from tests.support.scripted_http import CUT, Answer, Asked, ScriptedHttp, scripted_http
from tests.support.typescript_client import can_be_had

pytestmark = pytest.mark.undocumented("the answers are those of a server of the tests'")

Client = Callable[[Story], Told]
NOON = {"Date": "Tue, 20 Oct 2026 12:00:00 GMT"}
NO_NPM = pytest.mark.skipif(not can_be_had() and os.environ.get("CI") != "true", reason="LOUD: no npm here, so the client is not tried")
READ: Call = ("read",)
POST: Call = ("post",)


@pytest.fixture(params=[python, python_async, pytest.param(typescript, marks=NO_NPM)], ids=lambda client: client.__name__)
def client(request: pytest.FixtureRequest) -> Client:
    driver: Client = request.param
    return driver


@pytest.fixture
def server() -> Iterator[ScriptedHttp]:
    with scripted_http() as server:
        yield server


def refused(status: int, after: str | None = None, **headers: str) -> Answer:
    return Answer(status, headers | ({} if after is None else {"Retry-After": after}), {"type": f"urn:nz-star:problem:test-{status}"})


def keys(server: ScriptedHttp) -> list[str | None]:
    return [asked.headers.get("idempotency-key") for asked in server.asked]


def test_the_seconds_of_retry_after_are_waited_after_503_and_429(client: Client, server: ScriptedHttp) -> None:
    server.script = [refused(503, "7"), refused(429, "11"), refused(503, "0")]
    told = client(Story(server.url, [READ]))
    assert told.waits == [7, 11, 0]
    assert told.outcomes == [{"data": {}}]
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", f"/thresholds/v1/star-records/{RECORD}")] * 4


def test_a_date_of_retry_after_is_reckoned_by_the_server_s_own_clock(client: Client, server: ScriptedHttp) -> None:
    server.script = [
        refused(503, "Tue, 20 Oct 2026 12:00:09 GMT", **NOON),
        refused(429, "Tue, 20 Oct 2026 12:00:31 GMT", **NOON),
        refused(503, "Tue, 20 Oct 2026 11:00:00 GMT", **NOON),
    ]
    assert client(Story(server.url, [READ])).waits == [9, 31, 0]


def test_a_date_without_the_server_s_clock_is_reckoned_by_the_client_s(client: Client, server: ScriptedHttp) -> None:
    server.script = [refused(503, "Tue, 20 Oct 2020 12:00:00 GMT"), refused(503, "Fri, 31 Dec 2100 23:59:59 GMT")]
    assert client(Story(server.url, [READ])).waits == [0, 60]


def test_an_absurd_wait_ends_after_a_minute(client: Client, server: ScriptedHttp) -> None:
    server.script = [refused(503, "86400"), refused(429, "9" * 400), refused(503, "Fri, 31 Dec 9999 23:59:59 GMT", **NOON)]
    assert client(Story(server.url, [READ])).waits == [60, 60, 60]


@pytest.mark.parametrize("after", ["soon", "-5", "1.5", "\u00b2", "", "Tue, 99 Foo 2026 12:00:00 GMT", None])
def test_without_a_wait_that_can_be_read_the_client_takes_its_own(client: Client, server: ScriptedHttp, after: str | None) -> None:
    server.script = [refused(503, after), refused(429, after)]
    first, second = client(Story(server.url, [READ])).waits
    assert 1 <= first <= 2 <= second <= 4


def test_the_last_refusal_is_told_when_all_tries_are_over(client: Client, server: ScriptedHttp) -> None:
    server.answer = lambda _: refused(503, "1")
    told = client(Story(server.url, [READ], tries=3))
    assert told.waits == [1, 1]
    assert told.outcomes == [{"status": 503, "kind": "test-503", "read_from": None}]
    assert len(server.asked) == 3


def test_a_refusal_that_would_come_again_is_not_tried_again(client: Client, server: ScriptedHttp) -> None:
    server.answer = lambda _: refused(422, "1")
    assert client(Story(server.url, [POST])).outcomes == [{"status": 422, "kind": "test-422", "read_from": None}]
    assert len(server.asked) == 1


def test_each_attempt_of_a_post_has_the_key_of_the_first(client: Client, server: ScriptedHttp) -> None:
    server.script = [CUT, refused(503, "1"), refused(429, "1"), refused(401), Answer(201)]
    told = client(Story(server.url, [POST, POST], tokens=["stale", "fresh"]))
    assert told.outcomes == [{"data": {}}, {"data": {}}]
    first, second = keys(server)[0], keys(server)[-1]
    assert keys(server) == [first] * 5 + [second]
    assert first and second and first != second, "a call of its own is a thing of its own"
    assert len({asked.body for asked in server.asked}) == 1


def test_a_key_that_the_caller_gives_is_the_key(client: Client, server: ScriptedHttp) -> None:
    server.script = [refused(503, "1")]
    client(Story(server.url, [("post", "visit-17"), READ]))
    assert keys(server) == ["visit-17", "visit-17", None]


def test_a_connection_that_breaks_each_time_is_told(client: Client, server: ScriptedHttp) -> None:
    server.answer = lambda _: CUT
    told = client(Story(server.url, [POST], tries=2))
    assert told.outcomes == [{"lost": True}]
    # A library may send a request again by itself where a kept connection has just ended: with the same key.
    assert len(set(keys(server))) == 1


def test_a_token_that_no_longer_holds_is_renewed(client: Client, server: ScriptedHttp) -> None:
    server.script = [refused(401)]
    # A renewal is no attempt: it comes also where only one is allowed.
    told = client(Story(server.url, [READ, READ], tokens=["stale", "fresh"], tries=1))
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer stale", "Bearer fresh", "Bearer fresh"]
    assert (told.outcomes, told.waits, told.drawn) == ([{"data": {}}, {"data": {}}], [], 2)


def test_a_new_token_that_is_refused_is_told_at_once(client: Client, server: ScriptedHttp) -> None:
    server.answer = lambda _: refused(401)
    told = client(Story(server.url, [READ], tokens=["stale", "stale-too", "fresh"]))
    assert (told.outcomes, told.drawn) == ([{"status": 401, "kind": "test-401", "read_from": None}], 2)
    assert client(Story(server.url, [READ])).outcomes == told.outcomes, "a fixed token can't be renewed"
    assert len(server.asked) == 3


def test_requests_that_meet_an_old_token_together_get_one_new_one(client: Client, server: ScriptedHttp) -> None:
    def answer(asked: Asked) -> Answer:
        return refused(401) if asked.headers["authorization"] == "Bearer stale" else Answer(200)

    server.answer = answer
    told = client(Story(server.url, [READ] * 6, tokens=["stale", "fresh", "one-too-many"], together=True))
    assert told.outcomes == [{"data": {}}] * 6
    assert told.drawn == 2


GONE = Answer(410, {}, {"type": "urn:nz-star:problem:cursor-of-another-history", "read_from": "12"})


def test_a_cursor_of_another_history_is_told_with_where_to_read_again(client: Client, server: ScriptedHttp) -> None:
    server.script = [GONE]
    assert client(Story(server.url, [("events",)])).outcomes == [{"status": 410, "kind": "cursor-of-another-history", "read_from": "12"}]


def test_the_feed_reads_again_from_there_and_gives_no_event_twice(client: Client, server: ScriptedHttp, tmp_path: Path) -> None:
    story = Story(server.url, [("feed",)], cursor=str(tmp_path / "cursor.json"))
    server.script = [Answer(200, {}, {"items": [{"id": "a"}, {"id": "b"}], "next": "20"}), Answer(200, {}, {"items": [], "next": "20"})]
    assert client(story).outcomes == [{"data": ["a", "b"]}]
    server.asked.clear()
    # The database was restored: the cursor is gone, and what was read already comes again.
    server.script = [
        GONE,
        Answer(200, {}, {"items": [{"id": "b"}, {"id": "c"}], "next": "13"}),
        Answer(200, {}, {"items": [], "next": "13"}),
    ]
    assert client(story).outcomes == [{"data": ["c"]}]
    assert [asked.path.partition("after=")[2].partition("&")[0] for asked in server.asked] == ["20", "12", "13"]


def test_another_refusal_ends_the_feed(client: Client, server: ScriptedHttp, tmp_path: Path) -> None:
    server.script = [refused(403)]
    told = client(Story(server.url, [("feed",)], cursor=str(tmp_path / "cursor.json")))
    assert told.outcomes == [{"status": 403, "kind": "test-403", "read_from": None}]
