"""A school's KAMAR, for tests: what it sends, and what came of it."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx

from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker
from tests.integration.ingest.conftest import NOW, Door
from tests.support.clock import ManualClock
from tests.support.polling import eventually

SLOTS = [{"slot": slot, "name": f"Period {slot}", "minutes": 60} for slot in range(2, 7)]
SCHOOL = {"name": "Example High", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}], "slots": SLOTS}


@dataclass
class Kamar:
    """Requests as KAMAR makes them."""

    door: Door
    settings: IngestSettings
    auth: tuple[str, str]
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    async def post(self, document: dict[str, Any] | bytes, **arguments: Any) -> httpx.Response:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return await self.door.http.post("/v1/kamar", content=content, auth=arguments.pop("auth", self.auth), **arguments)

    async def send(self, document: dict[str, Any] | bytes, **arguments: Any) -> None:
        """Posts a document that is taken."""
        answer = await self.post(document, **arguments)
        assert (answer.status_code, answer.json()["SMSDirectoryData"]["error"]) == (200, 0), answer.text

    async def documents(self) -> list[dict[str, Any]]:
        answer = await self.door.send("GET", "/v1/schools/0999/kamar-documents?limit=500")
        return list(reversed(answer.raise_for_status().json()["items"]))

    async def held(self) -> list[dict[str, Any]]:
        answer = await self.door.send("GET", "/v1/schools/0999/held-changes?limit=500")
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def release(self) -> dict[str, Any]:
        """Makes the change that is held."""
        (change,) = [item for item in await self.held() if item["state"] == "held"]
        answer = await self.door.send("POST", f"/v1/schools/0999/held-changes/{change['id']}/release")
        released: dict[str, Any] = answer.raise_for_status().json()
        return released

    async def refusals(self) -> set[tuple[str | None, str | None, str, int]]:
        answer = await self.door.send("GET", "/v1/schools/0999/refusals?limit=500", token=self.door.token("star:read"))
        return {(item["student"], item["day"], item["reason"], item["count"]) for item in answer.raise_for_status().json()["items"]}

    async def settled(self, *states: str, patience: float = 60) -> None:
        """Waits until these are the states of all documents, oldest first."""

        async def look() -> list[str]:
            return [document["state"] for document in await self.documents()]

        await eventually(look, list(states), patience)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker at work."""
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(self.settings, stop, clock=self.clock))
        try:
            yield
        finally:
            stop.set()
            await worker

    async def killed_worker(self, until: asyncio.Event) -> None:
        """A worker that dies at this moment, with no chance to put anything in order."""
        worker = asyncio.create_task(run_worker(self.settings, asyncio.Event(), clock=self.clock))
        await asyncio.wait_for(until.wait(), 30)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        self.clock.now += timedelta(minutes=10)
        # Its lease, which ends by the database's clock.
        await sql(self.settings, "UPDATE ingest.work SET due_at = clock_timestamp() WHERE state = 'leased'")

    async def marks(self) -> dict[tuple[str, str, int | None], Any]:
        """The marks that stand, by the order of recorded_at and received_at, as the register reads it."""
        standing: dict[tuple[str, str, int | None], tuple[tuple[datetime, datetime], Any]] = {}
        for message in await self.door.published():
            roll = json.loads(message.value or b"{}")
            for mark in roll["marks"]:
                place = (mark["student"], mark["date"], mark.get("slot"))
                what = mark["half_days"] if mark.get("slot") is None else mark["code"]
                version = (datetime.fromisoformat(mark["recorded_at"]), datetime.fromisoformat(roll["received_at"]))
                if place not in standing or version > standing[place][0]:
                    standing[place] = (version, what)
        return {place: what for place, (_, what) in standing.items()}


def document(sync: str, section: str | None = None, elements: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A message as KAMAR writes it."""
    content: dict[str, Any] = {
        "datetime": 20261119153000,
        "sync": sync,
        "sms": "KAMAR",
        "version": 2198,
        "schools": [{"index": 1, "schoolindex": 1, "moeCode": "0999", "name": "Example High", "type": 40, "authoritative": True}],
    }
    if section is not None:
        content[section] = {"count": len(elements or []), "data": elements or []}
    return {"SMSDirectoryData": content | changes}


STUDENT: dict[str, Any] = {
    "id": 12345,
    "firstname": "Made",
    "lastname": "Up",
    "nsn": "123456789",
    "yearlevel": 9,
    "tutor": "9A",
    "groups": [{"type": "class", "name": "9MAT1"}],
    "password": "hunter2",
    "caregivers": [
        {"ref": 1, "role": "A", "name": "Pat Up", "email": "pat@example.org", "mobile": "021 000", "relationship": "Parent", "status": ""},
        {"ref": 2, "role": "B", "name": "Sam Up", "email": "sam@example.org", "status": "No contact"},
    ],
}


def student(number: int, **changes: Any) -> dict[str, Any]:
    """A student of this id."""
    return copy.deepcopy(STUDENT) | {"id": number} | changes


def attended(student: Any, *days: tuple[str, str], **counts: Any) -> dict[str, Any]:
    """An attendance element: (date, codes) of each day."""
    return {"id": student, "nsn": "0123456789", "values": [{"date": day, "codes": codes, "alt": codes} | counts for day, codes in days]}


async def sql(settings: IngestSettings, query: str) -> list[asyncpg.Record]:
    """The rows that stand in the database."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(query)
        return rows
    finally:
        await connection.close()


async def rows_of(kamar: Kamar, query: str) -> int:
    """How many rows a query finds."""
    return len(await sql(kamar.settings, query))
