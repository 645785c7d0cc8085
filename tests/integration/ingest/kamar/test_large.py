"""A push as large as a big school's, in bounded memory, answered while it is being worked on."""

import json
from collections.abc import AsyncIterator

import httpx

from tests.integration.ingest.conftest import Door
from tests.integration.ingest.kamar.school import SCHOOL
from tests.integration.ingest.watched_door import watched_door
from tests.support.polling import eventually

STUDENTS = 1_777
WEEKS = 5
DAYS = 5
LARGEST_GROWTH = 150 * 1024
"""KiB by which the process may grow: a quarter of what reading the document at once would take."""

MONDAYS = ("20261012", "20261019", "20261102", "20261109", "20261116")


async def push() -> AsyncIterator[bytes]:
    """Some 65 MB of attendance: each element with a week of a student, and a lot that nobody asked for."""
    yield b'{"SMSDirectoryData":{"datetime":20261120120000,"sync":"attendance","schools":[{"moeCode":"0999"}],"attendance":{"data":['
    comma = b""
    for monday in MONDAYS:
        for student in range(STUDENTS):
            values = [
                {"date": str(int(monday) + day), "codes": ".PPMPP", "alt": ".PPJPP", "hdu": 0, "hdj": 1, "hdp": 1} for day in range(DAYS)
            ]
            element = {"id": student, "nsn": "0123456789", "values": values, "unasked": [{"note": "x" * 680} for _ in range(10)]}
            yield comma + json.dumps(element).encode()
            comma = b","
    yield b"]}}}"


async def test_a_large_push_in_bounded_memory(door: Door, database_url: str) -> None:
    (await door.send("PUT", "/v1/schools/0999", json=SCHOOL)).raise_for_status()
    issued = (await door.send("POST", "/v1/schools/0999/kamar-credentials")).raise_for_status().json()
    async with watched_door(database_url, door.data) as watched, httpx.AsyncClient(base_url=watched.url, timeout=120) as http:
        answer = await http.post("/v1/kamar", content=push(), auth=(issued["username"], issued["password"]))
        assert answer.json()["SMSDirectoryData"]["error"] == 0

        async def document() -> dict[str, object]:
            found = (await door.send("GET", "/v1/schools/0999/kamar-documents")).json()["items"][0]
            return {"state": found["state"], "counts": found["counts"], "large": found["bytes"] > 60_000_000}

        # Answered before the work was done.
        assert (await document())["state"] == "waiting"
        days = STUDENTS * WEEKS * DAYS
        counts = {"attendance": STUDENTS * WEEKS, "marks": days * 6}
        await eventually(document, {"state": "done", "counts": counts, "large": True}, 200)
    assert watched.growth < LARGEST_GROWTH
