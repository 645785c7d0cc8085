"""The console's pages for a school of 3,000 students, as a browser waits for them, while a morning's roll flows.

Every part is a process of its own, on one PostgreSQL; the marks go through the product's own handler. On a machine that is busy with other
things, the time of a page says little: the processors' time that all parts spent on it stands beside.

    .venv/bin/python -m tests.bench.screens
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import psutil

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import TREES
from deploy.kafka.probe import free_port
from services.console.identity.links import sign_link
from shared.db.engine import create_engine
from shared.db.migrate import migrate
from shared.events.data import Mark
from tests.bench.big_school import NOW, ROLL, SCHOOL, STUDENTS, TERM, BigSchool
from tests.bench.results import Results
from tests.support.processes import Process

TIMES: Final = 20
WARM_UP: Final = 3
PAUSE: Final = 0.25
"""Seconds between two rolls of 500 marks: a school of 3,000 sends all of them within two minutes."""

PAGES: Final = (
    ("Today", "today", 300),
    ("Students", "students", 300),
    ("Students by days", "students?sort=-absent_days", 300),
    ("Students found by name", "students?q=family12", 300),
    ("Records", "records", 300),
    ("A student", "students/10042", 250),
    ("A student, a day opened", f"students/10042?day={TERM.start}", 250),
    ("Respond", "respond?student=10042", 300),
    ("Analysis", "analysis", 500),
)
"""A page, its address, and the milliseconds that it may take (p95)."""


async def bench_screens(results: Results) -> None:
    """Each page, again and again."""
    results.heading(f"The screens of a school of {STUDENTS:,} students while a roll flows, p95 ({os.cpu_count()} cores for all parts)")
    async with _served() as (school, http, marks):
        results.add("marks of the term", marks, "marks")
        stop = asyncio.Event()
        rolling = asyncio.create_task(_roll(school, stop))
        for name, path, goal in PAGES:
            times = [await _time(http, path) for _ in range(WARM_UP + TIMES)][WARM_UP:]
            results.add(f"{name} (goal {goal} ms)", sorted(times)[len(times) * 95 // 100], "ms")
        stop.set()
        await rolling
        for name, path, _ in PAGES:
            before = _spent()
            for _ in range(WARM_UP):
                await _time(http, path)
            results.add(f"{name}, all processors' time, without the roll", (_spent() - before) * 1000 / WARM_UP, "ms")
        results.add("marks that flowed meanwhile", await rolling, "marks")


@asynccontextmanager
async def _served() -> AsyncIterator[tuple[BigSchool, httpx.AsyncClient, int]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="star-bench-screens-", ignore_cleanup_errors=True)))
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        stack.callback(database.stop)
        await migrate(url, TREES)
        engine = create_engine(url, "thresholds", pool_size=3)
        stack.push_async_callback(engine.dispose)
        school = BigSchool(engine)
        marks = await school.build()
        environment = {"STAR_DATA": str(folder / "data"), "STAR_DATABASE_URL": url}
        ports = {name: free_port() for name in ("ingest", "thresholds", "notifier", "moe-sync", "console")}
        environment |= {f"STAR_CONSOLE_{name.replace('-', '_').upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
        environment.pop("STAR_CONSOLE_CONSOLE_URL")
        for name, port in ports.items():
            process = Process(
                ["serve", name, "--port", str(port)],
                environment=environment,
                output=folder / f"{name}.log",
                health=f"http://127.0.0.1:{port}/healthz",
            )
            process.start()
            stack.callback(process.stop)
        base = f"http://127.0.0.1:{ports['console']}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=f"{base}/console/{SCHOOL}/", timeout=60))
        await http.get(f"{base}/console/link/{sign_link(folder / 'data', 'principal', [SCHOOL], [], datetime.now(UTC))}")
        yield school, http, marks


def _spent() -> float:
    """Seconds of processor time that the parts and the database's sessions have spent so far."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


async def _time(http: httpx.AsyncClient, path: str) -> float:
    started = time.perf_counter()
    answer = await http.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - started) * 1000


async def _roll(school: BigSchool, stop: asyncio.Event) -> int:
    """Marks of the term's last day, sent again and again with other codes; answers how many."""
    number = 0
    while not stop.is_set():
        first = number * ROLL % STUDENTS
        code = "PM"[number % 2]
        students = range(first, min(first + ROLL, STUDENTS))
        marks = [Mark(student=str(10_000 + one), date=TERM.end, recorded_at=NOW, slot=1 + number % 5, code=code) for one in students]
        await school.marks([school.roll(marks)])
        number += 1
        await asyncio.sleep(PAUSE)
    return number * ROLL


if __name__ == "__main__":
    asyncio.run(bench_screens(Results()))
