"""The demo's way to the API: patient where patience helps, and clear where it does not."""

import gzip
import json
from collections.abc import Callable

import httpx
import pytest

from deploy.demo import client as module
from deploy.demo.client import TRIES, Client, RefusedError

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0)


def talking_to(*answers: httpx.Response | Exception) -> tuple[Client, list[httpx.Request]]:
    asked: list[httpx.Request] = []
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        said = next(left)
        if isinstance(said, Exception):
            raise said
        return said

    return Client("http://star.test", "a-token", httpx.MockTransport(answer)), asked


async def test_it_comes_again_after_503_and_after_no_answer() -> None:
    client, asked = talking_to(
        httpx.Response(503, headers={"Retry-After": "5"}), httpx.ConnectError("refused"), httpx.Response(200, json={"ok": True})
    )
    assert await client.get("/thing", term="2026-T4") == {"ok": True}
    assert [str(request.url) for request in asked] == ["http://star.test/thing?term=2026-T4"] * 3
    assert asked[0].headers["authorization"] == "Bearer a-token"


async def test_it_gives_up_in_the_end() -> None:
    client, asked = talking_to(*[httpx.Response(503, json={"detail": "a part is away"})] * TRIES)
    with pytest.raises(RefusedError, match="PUT /thing: 503, a part is away"):
        await client.put("/thing", {})
    assert len(asked) == TRIES


@pytest.mark.undocumented("the answer is made up by the test")
async def test_it_says_why_it_was_refused_and_does_not_insist() -> None:
    problem = {"detail": "none of the marks could be accepted", "rejected": [{"index": 0, "detail": "the school is not open on that day"}]}
    client, asked = talking_to(httpx.Response(422, json=problem))
    with pytest.raises(RefusedError, match="none of the marks could be accepted the school is not open on that day") as error:
        await client.post_marks([{"student": "1"}])
    assert error.value.status == 422
    assert len(asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"text"', b'{"rejected": [1]}'])
async def test_a_strange_error_is_an_error_all_the_same(body: bytes) -> None:
    client, _ = talking_to(httpx.Response(500, content=body))
    with pytest.raises(RefusedError, match="500, Internal Server Error"):
        await client.get("/thing")


async def test_what_would_count_twice_is_not_sent_again_without_an_answer() -> None:
    client, asked = talking_to(httpx.ReadError("lost"))
    with pytest.raises(RefusedError, match="no answer"):
        await client.post("/thing", {}, twice_is_once=False)
    assert len(asked) == 1


async def test_nothing_of_the_kind_is_none() -> None:
    client, _ = talking_to(httpx.Response(404), httpx.Response(403, json={"detail": "another school"}))
    assert await client.find("/thing") is None
    with pytest.raises(RefusedError, match="another school"):
        await client.find("/thing")


async def test_a_list_is_read_to_its_end() -> None:
    pages = [{"items": [{"n": 1}, {"n": 2}], "next": "abc"}, {"items": [], "next": "def"}, {"items": [{"n": 3}], "next": None}]
    client, asked = talking_to(*(httpx.Response(200, json=page) for page in pages))
    assert [item["n"] async for item in client.pages("/things", term="2026-T4")] == [1, 2, 3]
    assert [request.url.params.get("cursor") for request in asked] == [None, "abc", "def"]


async def test_marks_travel_as_json_as_lines_and_compressed() -> None:
    marks = [{"student": "1"}, {"student": "2"}]
    client, asked = talking_to(*[httpx.Response(202, json={"accepted": 2, "rejected": []})] * 3)
    await client.post_marks(marks)
    await client.post_marks(marks, lines=True)
    await client.post_marks(marks, compress=True)

    plain, lines, compressed = asked
    assert json.loads(plain.content) == {"marks": marks}
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.content.splitlines()] == marks
    assert compressed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(compressed.content)) == {"marks": marks}
