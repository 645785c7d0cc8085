"""KAMAR's door on a real server and database: who gets in, with what, and what they are answered."""

import asyncio
import base64
import gzip
import hashlib
import json
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.ingest.kamar import slowing
from tests.integration.ingest.kamar.school import Kamar, attended, document, rows_of, sql, student
from tests.support.polling import eventually
from tests.support.statements import before_answers

FRIDAY = "2026-11-20"


def envelope(error: int, result: str) -> dict[str, Any]:
    return {"SMSDirectoryData": {"error": error, "result": result, "service": "STAR", "version": "1.0"}}


async def test_credentials_are_issued_listed_and_revoked(kamar: Kamar) -> None:
    door, path = kamar.door, "/v1/schools/0999/kamar-credentials"
    username, password = kamar.auth
    assert username.startswith("0999-")
    listed = (await door.send("GET", path)).json()["items"]
    assert [(item["username"], item["last_used_at"]) for item in listed] == [(username, None)]
    (stored,) = await sql(kamar.settings, "SELECT * FROM ingest.kamar_credentials")
    assert password not in str(dict(stored))

    assert (await kamar.post(document("check"))).status_code == 200
    assert (await door.send("GET", path)).json()["items"][0]["last_used_at"] is not None
    for wrong in ((username, password + "x"), ("0999-nobody", password), (username, "")):
        answer = await kamar.post(document("check"), auth=wrong)
        assert (answer.status_code, answer.json()) == (401, envelope(401, "Authentication Failed"))
        assert answer.headers["www-authenticate"].startswith("Basic")

    other = door.token(schools="0189")
    assert (await door.send("DELETE", f"{path}/{username}", token=other)).status_code == 403
    assert (await door.send("DELETE", f"/v1/schools/0189/kamar-credentials/{username}", token=other)).status_code == 404
    assert (await door.send("POST", path, token=door.token("star:read"))).status_code == 403
    assert (await door.send("POST", "/v1/schools/0189/kamar-credentials", token=other)).status_code == 404
    assert (await door.send("DELETE", f"{path}/{username}")).status_code == 204
    assert (await kamar.post(document("check"))).status_code == 401
    assert (await door.send("GET", path)).json()["items"] == []


async def test_the_same_request_issues_one_credential(kamar: Kamar) -> None:
    door, path = kamar.door, "/v1/schools/0999/kamar-credentials"
    key = {"Idempotency-Key": "credential-7"}
    # Two at the same moment, as a double click sends them.
    first, second = await asyncio.gather(door.send("POST", path, headers=key), door.send("POST", path, headers=key))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    new = (first.json()["username"], first.json()["password"])
    assert (await kamar.post(document("check"), auth=new)).status_code == 200
    assert len((await door.send("GET", path)).json()["items"]) == 2
    stored = {row["username"]: row for row in await sql(kamar.settings, "SELECT * FROM ingest.kamar_credentials")}
    assert new[1] not in str(dict(stored[new[0]]))
    other = await door.send("POST", path, headers={"Idempotency-Key": "credential-8"})
    assert other.json()["username"] != new[0]
    assert (await door.send("DELETE", f"{path}/{new[0]}")).status_code == 204
    anew = (await door.send("POST", path, headers=key)).json()
    assert anew["password"] != new[1]


def hashed_by_version_0_1(password: str) -> str:
    key = hashlib.scrypt(password.encode(), salt=b"0123456789abcdef", n=2**14, r=8, p=5, maxmem=64 * 1024 * 1024, dklen=32)
    return f"scrypt$16384$8$5${base64.b64encode(b'0123456789abcdef').decode()}${base64.b64encode(key).decode()}"


async def test_a_password_hashed_by_version_0_1_lets_in_and_is_hashed_anew(kamar: Kamar) -> None:
    username, password = kamar.auth
    old = hashed_by_version_0_1(password)
    await sql(kamar.settings, f"UPDATE ingest.kamar_credentials SET password_hash = '{old}'")
    assert (await kamar.post(document("check"), auth=(username, password + "x"))).status_code == 401
    assert [row["password_hash"] for row in await sql(kamar.settings, "SELECT * FROM ingest.kamar_credentials")] == [old]
    for _ in range(2):
        assert (await kamar.post(document("check"))).status_code == 200
        (row,) = await sql(kamar.settings, "SELECT * FROM ingest.kamar_credentials")
        assert row["password_hash"] == f"sha256${hashlib.sha256(password.encode()).hexdigest()}"
    assert (await kamar.post(document("check"), auth=(username, password + "x"))).status_code == 401


async def test_nobody_is_answered_before_the_body_comes(kamar: Kamar) -> None:
    address = urlsplit(str(kamar.door.http.base_url))
    nobody = base64.b64encode(b"0999-nobody:secret").decode()
    for authorization in ("", f"Authorization: Basic {nobody}\r\n", "Authorization: Basic !\r\n"):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(f"POST /v1/kamar HTTP/1.1\r\nHost: kamar\r\n{authorization}Content-Length: 50000000\r\n\r\n".encode())
            # The body never comes.
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
            assert answer.startswith(b"HTTP/1.1 401 ")
        finally:
            writer.close()


async def test_check_says_what_is_asked_for(kamar: Kamar) -> None:
    answer = (await kamar.post(document("check"))).json()["SMSDirectoryData"]
    assert {key: answer[key] for key in ("error", "result", "service", "version", "status")} == {
        "error": 0,
        "result": "OK",
        "service": "STAR",
        "version": "1.0",
        "status": "Ready",
    }
    assert len(answer["privacystatement"]) >= 100
    assert answer["infourl"].startswith("https://")
    assert answer["countryDataStored"] == "New Zealand"
    students = answer["options"]["students"]
    assert (students["details"], students["passwords"], students["attendance"], students["pastoral"]) == (True, False, True, True)
    assert "caregiver.email" in students["fields"]["optional"].split(";")
    assert answer["options"]["staff"]["passwords"] is False
    assert set(answer["options"]["common"]) >= {"subjects", "notices", "calendar", "bookings"}


async def test_other_kinds_are_acknowledged_and_dropped(kamar: Kamar) -> None:
    await kamar.send(document("photos", "photos", [{"id": 1, "photo": "x" * 300_000}]))
    await kamar.send(document("part", "staff", [{"id": "ABC"}] * 3))
    async with kamar.working():
        await kamar.settled("done", "done")
    photos, staff = await kamar.documents()
    assert (photos["sync"], photos["counts"], staff["counts"]) == ("photos", {}, {"staff": 3})
    assert photos["bytes"] > 300_000


async def test_a_document_of_another_school_is_refused(kamar: Kamar) -> None:
    theirs = document("attendance", "attendance", [attended(1, (FRIDAY, ".P"))], schools=[{"index": 1, "moeCode": 189}])
    answer = await kamar.post(theirs)
    assert (answer.status_code, answer.json()) == (403, envelope(403, "Authentication Failed"))
    assert [(item["state"], item["error"]) for item in await kamar.documents()] == [("refused", "another-school")]
    assert await kamar.refusals() == {(None, None, "another-school", 1)}
    # A number without its zeros is the same school.
    await kamar.send(document("check", schools=[{"index": 1, "moeCode": 999}]))


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"   ", 400), (b"{", 400), (b"[]", 400), (b"hello", 400), (b"<!DOCTYPE x>", 400)]
)
async def test_what_is_no_document(kamar: Kamar, body: bytes, status: int) -> None:
    answer = await kamar.post(body)
    assert (answer.status_code, answer.json()["SMSDirectoryData"]["error"]) == (status, status)
    assert await kamar.documents() == []


async def test_gzip_and_xml(kamar: Kamar) -> None:
    plain = json.dumps(document("attendance", "attendance", [attended(1, (FRIDAY, ".P"))])).encode()
    await kamar.send(gzip.compress(plain), headers={"Content-Encoding": "gzip"})
    assert (await kamar.post(b"not gzip", headers={"Content-Encoding": "gzip"})).status_code == 400
    assert (await kamar.post(plain, headers={"Content-Encoding": "br"})).status_code == 415
    xml = b"""<?xml version="1.0"?><SMSDirectoryData datetime="20261119153000" sync="attendance"><attendance><data><attendance>
        <id>2</id><values><value><date>20261120</date><codes>.M</codes></value></values></attendance></data></attendance></SMSDirectoryData>"""
    answer = await kamar.post(xml, headers={"Content-Type": "application/xml"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<error>0</error><result>OK</result>" in answer.text
    nobody = await kamar.door.http.post("/v1/kamar", content=xml, headers={"Content-Type": "application/xml"})
    assert "<error>401</error><result>Authentication Failed</result>" in nobody.text
    async with kamar.working():
        await kamar.settled("done", "done")
    marks = await kamar.marks()
    assert (marks["1", FRIDAY, 2], marks["2", FRIDAY, 2]) == ("P", "M")


async def test_passwords_are_not_even_stored(kamar: Kamar) -> None:
    await kamar.send(document("part", "students", [student(1, passwordencrypted="c2VjcmV0")]))
    stored = b"".join(row["data"] for row in await sql(kamar.settings, "SELECT data FROM ingest.kamar_chunks"))
    assert b"Made" in stored
    assert b"hunter2" not in stored
    assert b"c2VjcmV0" not in stored


async def test_a_body_that_breaks_off_leaves_nothing(kamar: Kamar) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield json.dumps(document("attendance")).encode()[:-2] + b', "attendance": {"data": ['
        yield b" " * 3_000_000
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await kamar.door.http.post("/v1/kamar", content=half(), auth=kamar.auth)
    await eventually(lambda: rows_of(kamar, "SELECT id FROM ingest.kamar_documents"), 0)
    # The door may still be taking it in: its last look at the body decides.
    await eventually(lambda: rows_of(kamar, "SELECT number FROM ingest.kamar_chunks"), 0)
    assert await kamar.documents() == []


async def test_wrong_passwords_are_slowed_and_the_right_one_is_not(kamar: Kamar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slowing, "MOST_WAITING", 1)
    monkeypatch.setattr(slowing, "FREE", -1)
    monkeypatch.setattr(slowing, "FIRST_WAIT", 60.0)
    monkeypatch.setattr(slowing, "LONGEST_WAIT", 600.0)
    username, password = kamar.auth
    waits, over = list[float](), asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await over.wait()

    monkeypatch.setattr(slowing, "asyncio", SimpleNamespace(sleep=sleep))

    async def tried(given: str) -> int:
        return (await kamar.post(document("check"), auth=(username, given))).status_code

    async def begun() -> int:
        return len(waits)

    waiting = [asyncio.create_task(tried("wrong")) for _ in range(2)]
    await eventually(begun, 2)
    # There is room for one of the two, and the other waits no longer than a first one; the right password passes by both.
    assert await tried(password) == 200
    assert not any(task.done() for task in waiting)
    over.set()
    assert await asyncio.gather(*waiting) == [401, 401]
    # A part of each wait has passed since the request came.
    assert 0 < min(waits) < slowing.FIRST_WAIT < max(waits)


@pytest.mark.parametrize("form", ["today's", "version 0.1's"])
async def test_a_wrong_password_takes_the_work_of_an_unknown_name(kamar: Kamar, form: str) -> None:
    username, password = kamar.auth
    if form == "version 0.1's":
        await sql(kamar.settings, f"UPDATE ingest.kamar_credentials SET password_hash = '{hashed_by_version_0_1(password)}'")
    shown = []
    with before_answers() as seen:
        # The first one finds what the service keeps for a while.
        for name in ("0999-warmup12", "0999-nobody12", username):
            seen.clear()
            answer = await kamar.post(document("check"), auth=(name, "wrong"))
            shown.append((answer.status_code, answer.text, len(answer.headers), list(seen)))
    assert shown[1] == shown[2]
    assert shown[1][0] == 401


@pytest.mark.parametrize(
    "bomb",
    [
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
        + b"]><SMSDirectoryData>&a9;</SMSDirectoryData>",
        b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 50_000 + b'">]><SMSDirectoryData sync="check">' + b"&a;" * 50_000 + b"</SMSDirectoryData>",
        b"<a>" * 200_000,
        b"<a " + b" ".join(b'a%d="x"' % n for n in range(50_000)) + b">",
        b"[" * 500_000,
        b'{"SMSDirectoryData":' + b'{"a":' * 200_000,
        b'{"SMSDirectoryData":{"datetime":' + b"9" * 500_000,
        gzip.compress(b"<" + b" " * 190_000_000),
        gzip.compress(b" " * 190_000_000),
    ],
    ids=["laughs", "quadratic", "deep xml", "attributes", "deep lists", "deep json", "digits", "gzip", "blank gzip"],
)
async def test_a_bomb_is_refused_in_no_time(kamar: Kamar, bomb: bytes) -> None:
    headers = {"Content-Encoding": "gzip"} if bomb.startswith(b"\x1f\x8b") else {}
    started = time.process_time()
    answer = await kamar.post(bomb, headers=headers)
    if answer.status_code == 200:
        # Its head did not give it away: the worker reads on from there.
        async with kamar.working():
            await kamar.settled("failed")
    else:
        assert answer.status_code in (400, 413)
        assert await kamar.documents() == []
    assert time.process_time() - started < 1
