"""Rosters: what one costs that is sent again as it was, and how long the door's loop is busy with it at a stretch."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.kafka.probe import free_port
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from shared.web.server import serve
from tests.bench.nation.machine import cpu_of
from tests.bench.outgoing.machine import running_machine
from tests.bench.results import Results
from tests.support.processes import run_star

STUDENTS: Final = 5_000
"""As many as one request may have."""
REPEATS: Final = 4
SCHOOL: Final = {"name": "Example College", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}]}
_OURS: Final = {"Content-Type": "application/json"}


class Stretches:
    """How long the loop's thread works (CPU) before it looks at what else there is to do: so long does a mark wait, at the most."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest, last = max(self.longest, now - last), now


async def measure(folder: Path, results: Results) -> None:
    """A roster of as many as one request may have: new, again as it was, and with another name for each."""
    results.heading(f"Rosters: {STUDENTS:,} students in one request")
    with running_machine(folder) as machine:
        engine, port, stop = machine.engine("ingest"), free_port(), asyncio.Event()
        data = machine.environment["STAR_DATA"]
        issue = ["token", "issue", "--data", data, "--subject", "bench", "--scopes", "roster:write"]
        token = run_star([*issue, "--schools", "0999"], {})
        settings = IngestSettings(data=Path(data), database_url=machine.url, kafka_partitions=1)
        async with (
            _served(settings, port, stop),
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"} | _OURS, timeout=300
            ) as http,
        ):
            (await http.put("/v1/schools/0999", json=SCHOOL)).raise_for_status()
            for name, family, times in (("new", "Example", 1), ("again as it was", "Example", REPEATS), ("renamed", "Other", 1)):
                body = roster(family)
                events, began, postgres = await _written(engine), time.thread_time(), cpu_of(machine.postgres)
                watched = Stretches()
                for _ in range(times):
                    watching = asyncio.create_task(watched.watch())
                    answer = await http.put("/v1/schools/0999/students", content=body)
                    watching.cancel()
                    answer.raise_for_status()
                sent = STUDENTS * times
                results.add(f"a roster, {name}: longest stretch of the loop", watched.longest * 1e3, "ms")
                # The looks themselves cost as well, some microseconds each, and those while the database works.
                results.add(f"a roster, {name}: CPU of the door, looks included", (time.thread_time() - began) / sent * 1e6, "us/student")
                results.add(f"a roster, {name}: CPU of PostgreSQL", (cpu_of(machine.postgres) - postgres) / sent * 1e6, "us/student")
                results.add(f"a roster, {name}: events", await _written(engine) - events, "")
        await engine.dispose()


def roster(family: str) -> bytes:
    """The body of a request with that family name for each student."""
    students = [
        {
            "student": str(10_000 + number),
            "given_name": f"Given{number}",
            "family_name": family,
            "year_level": 9 + number % 5,
            "groups": [f"{9 + number % 5}-{number % 20}", "Kauri"],
            "caregivers": [
                {"name": "Mere Example", "email": f"family-{number}@example.test", "phone": "021 000 000"},
                {"name": "Tāne Example", "email": f"other-{number}@example.test", "notify": False},
            ],
        }
        for number in range(STUDENTS)
    ]
    return msgspec.json.encode({"students": students})


@asynccontextmanager
async def _served(settings: IngestSettings, port: int, stop: asyncio.Event) -> AsyncIterator[None]:
    """The door in this process: its loop is the one that is watched."""
    up = asyncio.Event()

    async def started() -> None:
        up.set()

    serving = asyncio.create_task(serve(create_app(settings), host="127.0.0.1", port=port, stop=stop, started=started))
    await up.wait()
    try:
        yield
    finally:
        stop.set()
        await serving


async def _written(engine: AsyncEngine) -> int:
    """Events that have been put into the outbox so far."""
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one())
