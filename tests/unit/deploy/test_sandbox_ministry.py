"""The sandbox's Ministry: what it takes, what it refuses, and that it says the same thing twice."""

import asyncio
import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.sandbox.api import create_sandbox
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from tests.unit.deploy.sandbox_ministry import (
    OTHER_RESPONSE,
    STUDENT,
    Sender,
    assert_problem,
    document,
    encoded,
    headers_for,
    record,
    response,
    sender_to,
)


async def test_a_good_upload_is_accepted_and_listed(sender: Sender) -> None:
    answer = await sender.post(document())

    assert answer.status_code == 200
    said = answer.json()
    assert said == {"receipt": said["receipt"], "status": "accepted", "rejects": []}
    [item] = await sender.items()
    assert datetime.fromisoformat(item.pop("received_at")).tzinfo is not None
    assert item == document() | said | {"idempotency_key": "key-1"}


async def test_uploads_are_listed_oldest_first_and_by_school_and_week(sender: Sender) -> None:
    await sender.post(document(), key="a")
    await sender.post(document(school="0189"), key="b")
    await sender.post(document(week="2026-W44", records=[], responses=[]), key="c")

    assert [item["idempotency_key"] for item in await sender.items()] == ["a", "b", "c"]
    assert [item["idempotency_key"] for item in await sender.items(school="0999")] == ["a", "c"]
    assert [item["idempotency_key"] for item in await sender.items(school="0999", week="2026-W44")] == ["c"]
    assert (await sender.http.get("/ministry/uploads", params={"shool": "0999"})).status_code == 422


async def test_the_same_key_and_bytes_get_the_very_same_answer(sender: Sender) -> None:
    await sender.fault(reject=["12345"])
    first = await sender.post(document())
    await sender.fault(reject=[])
    second = await sender.post(document())

    assert first.json()["status"] == "partly-accepted"
    assert second.content == first.content
    assert len(await sender.items()) == 1


async def test_the_same_upload_at_once_is_kept_once(sender: Sender) -> None:
    answers = await asyncio.gather(*(sender.post(document()) for _ in range(10)))

    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(await sender.items()) == 1


async def test_the_same_key_with_other_bytes_is_refused(sender: Sender) -> None:
    await sender.post(document())

    assert_problem(await sender.post(document(number=2)), 422, "key-reused")
    assert_problem(await sender.post(b"nonsense"), 422, "key-reused")
    assert [item["number"] for item in await sender.items()] == [1]


async def test_the_digest_is_over_the_content_as_sent(sender: Sender) -> None:
    packed = gzip.compress(encoded(document()), mtime=0)
    assert (await sender.post(packed, Content_Encoding="gzip")).status_code == 200

    plain_digest = headers_for(encoded(document()))["Content-Digest"]
    answer = await sender.post(packed, key="key-2", Content_Encoding="gzip", Content_Digest=plain_digest)
    assert_problem(answer, 400, "digest-mismatch")
    assert len(await sender.items()) == 1


async def test_a_digest_may_stand_among_others(sender: Sender) -> None:
    digest = headers_for(encoded(document()))["Content-Digest"]
    assert (await sender.post(document(), Content_Digest=f"sha-512=:AAAA:, {digest}")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Idempotency_Key": None}, 400, "missing-header"),
        ({"Idempotency_Key": ""}, 400, "missing-header"),
        ({"Idempotency_Key": "k" * 256}, 400, "bad-header"),
        ({"Content_Digest": None}, 400, "missing-header"),
        ({"Content_Digest": "sha-256=nonsense"}, 400, "bad-header"),
        ({"Content_Digest": "sha-512=:AAAA:"}, 400, "bad-header"),
        ({"Content_Digest": "sha-256=:AAAAA:"}, 400, "bad-header"),
        ({"Content_Digest": "sha-256=:AAAA:"}, 400, "digest-mismatch"),
        ({"Content_Type": None}, 415, "unsupported-type"),
        ({"Content_Type": "text/plain"}, 415, "unsupported-type"),
        ({"Content_Encoding": "br"}, 415, "unsupported-coding"),
        ({"Content_Encoding": "gzip"}, 400, "bad-gzip"),
    ],
)
async def test_wrong_headers_are_refused(sender: Sender, headers: dict[str, Any], status: int, kind: str) -> None:
    assert_problem(await sender.post(document(), **headers), status, kind)
    assert await sender.items() == []


async def test_too_much_is_refused_packed_or_not(sender: Sender) -> None:
    assert_problem(await sender.post(b" " * (10 * 1024 * 1024 + 1)), 413, "too-large")
    bomb = gzip.compress(b" " * (50 * 1024 * 1024 + 1), compresslevel=1)
    assert_problem(await sender.post(bomb, Content_Encoding="gzip"), 413, "too-large")
    cut = gzip.compress(encoded(document()))[:-4]
    assert_problem(await sender.post(cut, Content_Encoding="gzip"), 400, "bad-gzip")


async def test_everything_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    async with sender_to(tmp_path) as http:
        await Sender(http).fault(reject=["67890"])
        answers = [
            await Sender(http).post(document(), key="a"),
            await Sender(http).post(document(number=2, records=[], responses=[]), key="b"),
        ]
        before = await Sender(http).items()
    (tmp_path / "00000003.json.tmp").write_bytes(b"{")
    assert len(list(tmp_path.glob("*.json"))) == 2

    async with sender_to(tmp_path) as http:
        assert await Sender(http).items() == before
        assert (await Sender(http).post(document(), key="a")).content == answers[0].content
        assert_problem(await Sender(http).post(document(number=9), key="b"), 422, "key-reused")
        # The record of the earlier upload is remembered, too.
        late = await Sender(http).post(document(records=[], responses=[response(id=OTHER_RESPONSE)]), key="c")
        assert late.json()["status"] == "accepted"
        assert [item["idempotency_key"] for item in await Sender(http).items()] == ["a", "b", "c"]


async def test_the_sandbox_serves_the_ministry_and_describes_it(tmp_path: Path) -> None:
    app = create_sandbox(MailCatcher(tmp_path / "mail"), MinistryStore(tmp_path / "ministry"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox.test") as http:
        assert (await Sender(http).post(document())).status_code == 200
        assert len(await Sender(http).items()) == 1
        assert_problem(await http.get("/nothing"), 404, "http-404")
        assert_problem(await http.put("/ministry/uploads"), 405, "http-405")
        assert set((await http.get("/openapi.json")).json()["paths"]) == {
            "/mail",
            "/mail/faults",
            "/ministry/uploads",
            "/ministry/items",
            "/ministry/faults",
            "/ministry/token",
        }


async def test_what_was_taken_is_a_page(tmp_path: Path) -> None:
    app = create_sandbox(MailCatcher(tmp_path / "mail"), MinistryStore(tmp_path / "ministry"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox.test") as http:
        assert "No uploads yet" in (await http.get("/ministry.html")).text
        answer = await Sender(http).post(document())
        page = await http.get("/ministry.html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        said = (answer.json()["receipt"], "School 0999, week 2026-W43", "2 records, 1 responses", '<td data-label="Days absent">10.5</td>')
        assert [words for words in said if words not in page.text] == []
        assert 'href="/ministry.html"' in (await http.get("/")).text


async def test_an_erased_number_is_taken_out_of_uploads_that_come_in_late_too(tmp_path: Path) -> None:
    store = MinistryStore(tmp_path / "ministry")
    app = create_sandbox(MailCatcher(tmp_path / "mail"), store)
    numbered = [record(nsn="0123456789")]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox.test") as http:
        sender = Sender(http)
        for number in (1, 2):
            answer = await sender.post(document(number=number, records=numbered), key=f"key-{number}")
            assert answer.status_code == 200, answer.text
            assert [await store.erase_number(STUDENT) for _ in range(2)] == [1, 0]
        assert [one for item in await sender.items() for one in item["records"] if "nsn" in one] == []
        assert [item for item in store.accepted("0999") if "nsn" in item] == []
