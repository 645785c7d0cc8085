"""The feed: what one reader of a morning's events costs, and what forty at the same time add."""

import asyncio
import time
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.feed.archive import archive
from shared.clock import utc_now
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Holder
from tests.bench.outgoing.country import crossing, school_of
from tests.bench.outgoing.machine import Machine, quantiles, running_machine, show_cost
from tests.bench.results import Results
from tests.support.processes import run_star

READERS: Final = 40
AT_ONCE: Final = 1_000
PAGE: Final = 1_000


async def measure(folder: Path, results: Results, events: int) -> None:
    """Reads the feed to its end, each time from a process that has sent nothing yet: by one reader, then by forty side by side."""
    results.heading(f"The feed: {events:,} crossings")
    with running_machine(folder) as machine:
        engine = machine.engine("thresholds")
        for first in range(0, events, AT_ONCE):
            async with engine.begin() as connection:
                await archive(connection, [crossing(number, 50).encode() for number in range(first, min(first + AT_ONCE, events))])
        async with engine.begin() as connection:
            # One child of the country has a key that was another's, so that names are looked for.
            await key_holders.keep(connection, [Holder(school_of(1, 50), "1", "1~2", utc_now())])
        one = await _read(machine, engine, results, events, 1)
        all_of_them = await _read(machine, engine, results, events, READERS)
        results.add(f"{READERS - 1} readers more, to the cost of one", (all_of_them - one) / one, "x")
        await engine.dispose()


async def _read(machine: Machine, engine: AsyncEngine, results: Results, events: int, readers: int) -> float:
    """CPU seconds of the API and PostgreSQL."""
    name = f"{readers} reader{'s' * (readers > 1)}"
    issue = ["token", "issue", "--data", machine.environment["STAR_DATA"], "--subject"]
    tokens = [run_star([*issue, f"partner-{number}", "--scopes", "events:subscribe", "--schools", "*"], {}) for number in range(readers)]
    port = machine.start("api", "serve", "thresholds")
    before = await machine.account(engine)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=300, limits=httpx.Limits()) as http:
        waits = await asyncio.gather(*(_to_the_end(http, token, events) for token in tokens))
    cost = (await machine.account(engine)).since(before)
    quantiles(results, f"{name}: from the start to the last event", waits)
    show_cost(results, name, cost, events * readers / 1_000, "1,000 events")
    machine.stop()
    return sum(cost.cpu.values())


async def _to_the_end(http: httpx.AsyncClient, token: str, events: int) -> float:
    """Seconds in which one reader has read all."""
    began, cursor, pages = time.perf_counter(), None, 0
    while True:
        where = {"limit": PAGE} | ({"after": cursor} if cursor is not None else {})
        answer = await http.get("/v1/events", params=where, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # More readers than the door has places for: it says when to come again, and a reader does as it says.
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
            continue
        answer.raise_for_status()
        if answer.content.startswith(b'{"items":[]'):
            break
        pages += 1
        # Its JSON is not decoded: this process is not what is measured.
        cursor = answer.content.rpartition(b'"next":"')[2].removesuffix(b'"}').decode()
    assert pages == -(-events // PAGE), "the feed was not read to its end"
    return time.perf_counter() - began
