"""A year of weekly uploads of 2,500 schools, with a clock of our own.

`python -m tests.bench.ministry_year [--schools N] [--weeks N] [--seed N]`: outages, lost answers, refusals, rejects that are mended,
repeated events, late ones, and workers killed at random moments of building and sending. In the end the receiver must have exactly what
is so, and each item must have been sent as it was at its window's close.
"""

import argparse
import asyncio
import logging
import random
import resource
import tempfile
import time
import warnings
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import uvloop
from sqlalchemy import text
from sqlalchemy.exc import SAWarning
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import MOE_SYNC
from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.roster.week import Closing, Week, closes_at
from services.moe_sync.uploads.task import UploadTask
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.leader import SCHEDULE, Leader
from services.moe_sync.windows.scheduling import Scheduler
from services.moe_sync.windows.task import WindowTask
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.db.migrate import migrate
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import SCHOOL_UPDATED
from shared.events.data import SchoolUpdated, TermDates
from shared.events.envelope import Event
from shared.leases.lease import Lease
from shared.worklist.runner import Runner
from tests.bench.ministry_model import WEEK, Ministry, Truth, terms_of_2026
from tests.bench.results import Results
from tests.support.applied import Applied
from tests.support.clock import ManualClock
from tests.support.worklist import leases_run_out

CLOSING = Closing.parse("friday 18:00")
ZONES = ("Pacific/Auckland", "Pacific/Chatham")
CHANGES_A_WEEK = 4
AT_ONCE = 500
CONCURRENCY = 16


class Year:
    """The service's parts, driven by hand."""

    def __init__(self, engine: AsyncEngine, schools: int, seed: int) -> None:
        self.engine = engine
        self.chance = random.Random(seed)
        self.schools = {f"{number:04}": ZONES[number % 50 == 0] for number in range(1, schools + 1)}
        self.clock = ManualClock(datetime(2026, 1, 30, tzinfo=UTC))
        self.truth = Truth(random.Random(seed + 1))
        self.ministry = Ministry(self.truth, random.Random(seed + 2), self.close_of)
        self.scheduler = Scheduler(CLOSING, timedelta(0))
        self.records = Applied(engine, RecordsHandler(DeadLetterBox("moe_sync"), self.clock))
        self.offset = 0
        self.kills = 0
        self.seconds = {"reading events": 0.0, "closing windows": 0.0, "sending": 0.0}
        self.worker()

    def worker(self) -> None:
        """A new worker, as after a kill."""
        windows = WindowTask(self.engine, self.scheduler, self.clock)
        self.leader = Leader(
            self.engine,
            Lease(self.engine, "moe_sync", SCHEDULE),
            windows,
            frozenset({"https"}),
            "https",
            clock=self.clock,
            monotonic=self._monotonic,
        )
        task = UploadTask(self.engine, {"https": self.ministry}, "https", lease=timedelta(minutes=2), clock=self.clock)
        self.runner = Runner("moe_sync", self.engine, [task], Wakeup(), concurrency=CONCURRENCY, clock=self.clock)

    def close_of(self, school: str, week: str) -> datetime:
        return closes_at(Week.parse(week), ZoneInfo(self.schools[school]), CLOSING)

    async def begin(self) -> None:
        """The schools arrive."""
        handler = Applied(self.engine, SchoolsHandler(DeadLetterBox("moe_sync"), self.clock, scheduler=self.scheduler))
        terms = [TermDates(*term) for term in terms_of_2026()]
        events = [
            Event(
                SCHOOL_UPDATED,
                number,
                "/bench",
                self.clock(),
                number,
                SchoolUpdated(school=number, name="Example Kura", terms=terms, timezone=zone, updated_at=self.clock()),
            )
            for number, zone in self.schools.items()
        ]
        for batch in _batches(self._messages(events), AT_ONCE):
            await handler(batch)

    async def week(self, week: Week, *, last: bool) -> None:
        """A week: its events, its close, and its upload."""
        term = next(name for name, start, end in terms_of_2026() if start <= week.day(4) and week.day(0) <= end)
        monday = datetime.combine(week.day(0), datetime.min.time(), UTC)
        events = []
        for school in self.schools:
            # From Monday to Saturday: what comes after the close is of the next week. What happens at one school happens in order.
            hours = 100 if last else 130
            count = self.chance.randrange(2 * CHANGES_A_WEEK + 1)
            moments = sorted(monday + timedelta(seconds=self.chance.randrange(hours * 3600)) for _ in range(count))
            events += [self.truth.change(school, term, moment) for moment in moments]
        if last:
            end = monday + timedelta(hours=100)
            events += [self.truth.staff(school, record, end) for record, school in list(self.ministry.rejected.items())]
        events.sort(key=lambda event: event.time)
        repeated = [event for event in events for _ in range(1 + (self.chance.random() < 0.05))]
        close = closes_at(week, ZoneInfo("Pacific/Auckland"), CLOSING)
        await self._timed("reading events", self._read(repeated))
        self.clock.now = close + timedelta(seconds=1)
        self.ministry.away = self.chance.random() < 0.15 and not last
        await self._timed("closing windows", self._close())
        await self._timed("sending", self._send())
        self.ministry.away = False

    async def _read(self, events: Sequence[Event]) -> None:
        for first in range(0, len(events), AT_ONCE):
            batch = events[first : first + AT_ONCE]
            # Nothing is heard of before it happens.
            self.clock.now = batch[-1].time
            await self.records(self._messages(batch))

    def _monotonic(self) -> float:
        return self.clock.now.timestamp()

    async def _close(self) -> None:
        for _ in range(self.chance.randrange(3)):
            await self._killed(self.leader.run_once())
        while await self.leader.run_once():
            pass

    async def _send(self) -> None:
        for _ in range(self.chance.randrange(3)):
            await self._killed(self.runner.run_once())
        # Minutes and hours pass until nothing waits, some of them with the other end away.
        for hour in range(60):
            while await self.runner.run_once():
                pass
            async with self.engine.connect() as connection:
                waiting = (await connection.execute(text("SELECT 1 FROM uploads WHERE status IN ('pending', 'sending') LIMIT 1"))).first()
            if waiting is None:
                return
            self.ministry.away = self.ministry.away and hour < 4
            self.clock.now += timedelta(hours=1)

    async def _killed(self, work: Coroutine[Any, Any, object]) -> None:
        """Begins some work and ends it where it stands: nothing is drained, nothing settled, as far as a process can do that to itself."""
        others = asyncio.all_tasks()
        running = asyncio.create_task(work)
        await asyncio.sleep(self.chance.random() * 0.08)
        begun = [task for task in asyncio.all_tasks() if task not in others]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        self.kills += not running.done() or running.cancelled()
        self.clock.now += timedelta(minutes=2)
        await leases_run_out(self.engine)
        self.worker()

    async def finish(self) -> None:
        """A week in which nobody is moody any more."""
        self.clock.now += timedelta(hours=2)
        await self._send()

    def _messages(self, events: Iterable[Event]) -> list[Message]:
        messages = []
        for event in events:
            out = event.encode()
            messages.append(Message(out.topic, 0, self.offset, out.key, out.value, out.headers))
            self.offset += 1
        return messages

    async def _timed(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        begun = time.perf_counter()
        await work
        self.seconds[what] += time.perf_counter() - begun

    def check(self) -> list[str]:
        """The differences between the receiver and the truth."""
        wrong = list(self.ministry.wrong)
        for school, items in self.truth.of_school.items():
            there = self.ministry.accepted[school]
            for item in items:
                state = self.truth.now(item)
                if there.get(item, (None,)) != state:
                    wrong.append(f"{school} {item}: there {there.get(item)}, in truth {state}")
            wrong += [f"{school} {item}: nobody knows it" for item in there.keys() - set(items)]
        return wrong


def _batches(messages: Sequence[Message], size: int) -> Iterable[Sequence[Message]]:
    return (messages[start : start + size] for start in range(0, len(messages), size))


def _weeks(count: int) -> list[Week]:
    weeks = []
    for _, start, end in terms_of_2026():
        day = start
        while day <= end:
            weeks.append(Week.of(day))
            day += WEEK
    return weeks[:count]


async def main(schools: int, weeks: int, seed: int, quiet: bool = False) -> list[str]:
    """Plays the year; answers what is wrong in the end."""
    # Whoever is killed leaves connections behind, which the pool has words for.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=SAWarning)
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-year-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        url = server.start()
        await migrate(url, [MOE_SYNC])
        engine = create_engine(url, "moe_sync", pool_size=CONCURRENCY + 4)
        try:
            year = Year(engine, schools, seed)
            await year.begin()
            chosen = _weeks(weeks)
            for number, week in enumerate(chosen):
                left = len(chosen) - number - 1
                # In the last two weeks all is mended: nothing may be left over.
                year.ministry.moody = left > 1
                await year.week(week, last=left <= 1)
                if not quiet:
                    ministry = year.ministry
                    there = sum(map(len, ministry.weeks.values()))
                    print(f"{week}: {there} uploads, {ministry.attempts} attempts, {len(ministry.wrong)} wrong", flush=True)
            await year.finish()
            wrong = year.check()
            async with engine.connect() as connection:
                size = int((await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one())
                answered = (await connection.execute(text("SELECT status, count(*) FROM uploads GROUP BY 1 ORDER BY 1"))).all()
        finally:
            await engine.dispose()
            server.stop()
    expected = schools * len(chosen)
    built = sum(count for _, count in answered)
    if built != expected:
        wrong.append(f"{built} uploads were built, of {expected} windows")
    if not quiet:
        results.heading(f"{len(chosen)} weeks of {schools} schools")
        for what, seconds in year.seconds.items():
            results.add(what, seconds, "s")
        results.add("windows closed", expected / year.seconds["closing windows"], "windows/s")
        results.add("attempts", year.ministry.attempts / year.seconds["sending"], "attempts/s")
        results.add("database", size / 2**20, "MiB")
        results.add("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")
        results.add("workers killed", year.kills, "")
        results.add("refusals", year.ministry.refusals, "")
        print(dict(map(tuple, answered)), f"{len(wrong)} wrong", *wrong[:10], sep="\n")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=2_500)
    parser.add_argument("--weeks", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[])
    raise SystemExit(bool(uvloop.run(main(arguments.schools, arguments.weeks, arguments.seed))))
