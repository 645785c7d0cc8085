"""Lists and analyses of a school of 3,000 students over HTTP, and what they cost the marks' path beside them.

The school lies in a PostgreSQL of its own, filled by the product's own handlers; the API is a process of its own.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import TREES
from deploy.kafka.probe import free_port
from shared.db.engine import create_engine
from shared.db.migrate import migrate
from shared.events.data import Mark
from tests.bench.big_school import NOW, PERIODS, ROLL, SCHOOL, STUDENTS, TERM, BigSchool
from tests.bench.results import Results
from tests.support.processes import Process, run_star

TIMES: Final = 30
WARM_UP: Final = 3
BESIDE_SECONDS: Final = 12

ENDPOINTS: Final = (
    ("students by name", "students"),
    ("students by absence", "students?sort=-absent_days"),
    ("students on red", "students?tier=red&sort=-absent_days"),
    ("students of a group", "students?group=Kauri"),
    ("students found by name", "students?q=family12"),
    ("students by change", "students?sort=-change"),
    ("students by their most frequent cause", "students?mostly=M"),
    ("students near a threshold", "students?near_days=1"),
    ("students without a response", "students?unanswered=true"),
    ("summary", "summary"),
    ("work", "work"),
    ("STAR records", "star-records"),
    ("STAR records by due day", "star-records?status=open&sort=due_on"),
    ("STAR records by name", "star-records?sort=name"),
    ("STAR records, open", "star-records?status=open"),
    ("one student's attendance", "students/10000/attendance"),
    ("analysis", "analysis"),
    ("analysis of a year level", "analysis?year_level=9"),
    ("analysis of a group", "analysis?group=Kauri"),
    ("analysis as CSV", "analysis?format=csv"),
    ("patterns", "analysis/patterns"),
    ("patterns as CSV", "analysis/patterns?format=csv"),
    ("data quality", "data-quality"),
    ("data quality as CSV", "data-quality?format=csv"),
)


async def bench_analysis(results: Results) -> None:
    """Everything, on a database of its own."""
    results.heading(f"Lists and analyses of a school of {STUDENTS:,} students, {PERIODS} periods a day, over HTTP")
    async with _served() as (school, http, marks):
        results.add("marks of the term", marks, "marks")
        slowest = 0.0
        for name, path in ENDPOINTS:
            times = await _times(http, path)
            slowest = max(slowest, statistics.median(times))
            results.add(f"{name}, median", statistics.median(times), "ms")
            results.add(f"{name}, p95", times[min(len(times) * 95 // 100, len(times) - 1)], "ms")
        results.add("slowest median", slowest, "ms")
        await _beside_the_marks(school, http, results)


@asynccontextmanager
async def _served() -> AsyncIterator[tuple[BigSchool, httpx.AsyncClient, int]]:
    with tempfile.TemporaryDirectory(prefix="star-bench-analysis-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        engine = create_engine(url, "thresholds", pool_size=3)
        port = free_port()
        try:
            await migrate(url, TREES)
            school = BigSchool(engine)
            marks = await school.build()
            scopes = ["--scopes", "star:read", "--schools", SCHOOL]
            token = run_star(["token", "issue", "--data", str(folder / "data"), "--subject", "bench", *scopes], {})
            environment = {"STAR_DATA": str(folder / "data"), "STAR_DATABASE_URL": url}
            process = Process(
                ["serve", "thresholds", "--port", str(port)],
                environment=environment,
                output=folder / "serve-thresholds.log",
                health=f"http://127.0.0.1:{port}/healthz",
            )
            process.start()
            try:
                base = f"http://127.0.0.1:{port}/v1/schools/{SCHOOL}/"
                async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
                    yield school, http, marks
            finally:
                process.stop()
        finally:
            await engine.dispose()
            database.stop()


async def _times(http: httpx.AsyncClient, path: str) -> list[float]:
    """Milliseconds from request to answer, sorted."""
    times = []
    for number in range(WARM_UP + TIMES):
        started = time.perf_counter()
        answer = await http.get(f"{path}{'&' if '?' in path else '?'}term={TERM.name}")
        answer.raise_for_status()
        if number >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


async def _beside_the_marks(school: BigSchool, http: httpx.AsyncClient, results: Results) -> None:
    """Marks into the register for some seconds, in turns without and with an analysis every second; the rates of both."""
    alone: list[float] = []
    beside: list[float] = []
    number = 0
    for _ in range(2):
        for rates, asking in ((alone, False), (beside, True)):
            stop = asyncio.Event()
            asker = asyncio.create_task(_ask_every_second(http, stop)) if asking else None
            started, count = time.perf_counter(), 0
            while time.perf_counter() - started < BESIDE_SECONDS / 2:
                count += await _fold_some(school, number)
                number += 1
            rates.append(count / (time.perf_counter() - started))
            stop.set()
            if asker is not None:
                await asker
    results.add("marks into the register, alone", statistics.mean(alone), "marks/s")
    results.add("  with an analysis every second beside", statistics.mean(beside), "marks/s")
    results.ratio("  share", statistics.mean(beside), statistics.mean(alone))


async def _fold_some(school: BigSchool, number: int) -> int:
    """A roll of one session of the whole school, which has marked periods only so far: every mark is new, and changes its row."""
    day, session = school.sessions[number % len(school.sessions)]
    marks = [
        Mark(student=str(10_000 + student), date=day, recorded_at=NOW + timedelta(seconds=number), session=session, code="P")
        for student in range(STUDENTS)
    ]
    await school.marks([school.roll(marks[at : at + ROLL]) for at in range(0, len(marks), ROLL)])
    return len(marks)


async def _ask_every_second(http: httpx.AsyncClient, stop: asyncio.Event) -> None:
    while not stop.is_set():
        (await http.get("analysis", params={"term": TERM.name})).raise_for_status()
        try:
            async with asyncio.timeout(1):
                await stop.wait()
        except TimeoutError:
            continue
