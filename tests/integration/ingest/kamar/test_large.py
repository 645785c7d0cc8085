"""A push as large as a big school's, in bounded memory, answered while it is being worked on."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from tests.integration.ingest.conftest import Door
from tests.integration.ingest.kamar.school import SCHOOL
from tests.support.polling import eventually
from tests.support.ports import free_port

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
    port = free_port()
    arguments = [sys.executable, "-m", "tests.integration.ingest.kamar.memory", database_url, str(door.data), str(port)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path.cwd())
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # Lines of the log may come before it.
        while not (line := await asyncio.to_thread(process.stdout.readline)).startswith(b"ready "):
            assert line, "it ended before it was ready"
        at_start = line.split()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
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
        output, _ = await asyncio.to_thread(process.communicate)
        word, peak = output.split()[-2:]
        assert word == b"peak"
        print(f"memory: {int(at_start) // 1024} MiB at the start, {int(peak) // 1024} MiB at most")
        assert int(peak) - int(at_start) < LARGEST_GROWTH
    finally:
        process.kill()
        process.wait()
