"""Large files, in bounded memory: marks are held a batch at a time, and of a zip only what one school needs."""

import io
import zipfile
from collections.abc import AsyncIterator

import httpx

from tests.integration.ingest.conftest import Door
from tests.integration.ingest.watched_door import watched_door
from tests.support.oneroster import COMMON, MANIFEST
from tests.support.tokens import bearer

PATIENCE = 300.0
"""Seconds for an answer on a busy machine."""

MARKS = 150_000
OURS = 4_000
"""Students of the school: more than any has."""
OTHERS = 60_000
"""Students of other schools in the same zip: a network's export."""

MARKS_GROWTH = 60 * 1024
ROSTER_GROWTH = 80 * 1024
"""KiB by which the process may grow."""


async def marks() -> AsyncIterator[bytes]:
    """A term of a school, a mark a row."""
    yield b"Student ID,Date,Session,Code,Somebody's note\n"
    for first in range(0, MARKS, 500):
        yield "".join(
            f"{number % 2_000},2026-10-13,{'AM' if number % 2 else 'PM'},P,{'x' * 60}\n" for number in range(first, first + 500)
        ).encode()


def network() -> bytes:
    """A zip of a network of schools: ours with a guardian for each student, and many more of others."""
    head = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,"
    head += "email,sms,phone,agentSourcedIds,grades,password\n"
    ours = (
        f"u{number},,,true,org-1,student,,,Ada,Example,,{number},,,,g{number},09,\n"
        f"g{number},,,true,org-1,guardian,,,Kim,Example,,,kim{number}@example.test,,,,,\n"
        for number in range(OURS)
    )
    others = (f"o{number},,,true,org-2,student,,,Bo,Sample,,{number},,,,,09,\n" for number in range(OTHERS))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", MANIFEST.format(version="1.1", roles="absent"))
        for name, content in COMMON.items():
            archive.writestr(name, content)
        archive.writestr("users.csv", head + "".join(ours) + "".join(others))
    return buffer.getvalue()


async def test_marks_are_held_a_batch_at_a_time(door: Door, database_url: str) -> None:
    headers = bearer(door.token()) | {"Content-Type": "text/csv"}
    async with watched_door(database_url, door.data) as watched, httpx.AsyncClient(base_url=watched.url, timeout=PATIENCE) as http:
        answer = await http.post("/v1/schools/0999/imports", params={"kind": "marks"}, content=marks(), headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == MARKS
    assert watched.growth < MARKS_GROWTH


async def test_of_a_zip_what_one_school_needs_is_held(door: Door, database_url: str) -> None:
    headers = bearer(door.token()) | {"Content-Type": "application/zip"}
    async with watched_door(database_url, door.data) as watched, httpx.AsyncClient(base_url=watched.url, timeout=PATIENCE) as http:
        answer = await http.post("/v1/schools/0999/imports", params={"dry_run": True}, content=network(), headers=headers)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["accepted"], answer.json()["caregivers"]) == (OURS, OURS)
    assert watched.growth < ROSTER_GROWTH
