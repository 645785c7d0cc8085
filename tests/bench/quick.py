"""`make bench-quick`: the cost of a mark in the register beside the bare work, in CPU and bytes of log, against a kept baseline.

The wall clock tells nothing on a machine that others use; CPU seconds do, and better so their ratio to raw work of the same run: reading
and upserting a packed row of the same size through asyncpg alone. `--keep` makes the run the baseline; `--inside` prints what each figure
is made of instead: the records of the log by table, and the worker's CPU by function.
"""

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import TREES
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.register.folding import Folder
from services.thresholds.roster.repository import schools as known_schools
from shared.attendance.codes import CodeTable
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.db.migrate import migrate
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import MARKS_RECORDED
from shared.events.data import Mark, MarksRecorded, SchoolUpdated
from shared.events.envelope import Event
from shared.web.server import COLLECT_AFTER
from tests.bench import schools
from tests.bench.logged import logged
from tests.bench.nation.country import COLUMNS, Country, rows_before, sessions
from tests.bench.nation.machine import cpu_of, look_into
from tests.bench.results import Results
from tests.bench.sampling import sampled

STUDENTS: Final = 20_000
ROLLS_AT_ONCE: Final = 60
"""Rolls of a class in one batch: 1,800 marks."""
MOVED: Final = 0.2
"""A figure that moved by more than a fifth is said; less is noise."""
BASELINE: Final = Path(__file__).with_name("quick_baseline.json")


@dataclass
class Bench:
    """The database under measurement, and the handler on it."""

    raw: asyncpg.Connection
    engine: AsyncEngine
    server: int
    handler: MarksHandler

    async def cost(self, work: Callable[[], Awaitable[None]], rows: int) -> tuple[float, float, float]:
        """CPU of this process and of the server in microseconds a row, and bytes of log a row."""
        await self._settled()
        log, server, ours = await self._log(), cpu_of(self.server), time.process_time()
        await work()
        ours, server = time.process_time() - ours, cpu_of(self.server) - server
        return ours / rows * 1e6, server / rows * 1e6, (await self._log() - log) / rows

    async def inside(self, work: Callable[[], Awaitable[None]], rows: int) -> None:
        """Prints what the work is made of."""
        await self._settled()
        begin = await self.raw.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        with sampled() as samples:
            await work()
        end = await self.raw.fetchval("SELECT pg_current_wal_flush_lsn()::text")
        print("  log: bytes a mark, records, bytes a record, kind and table")
        print("\n".join((await logged(self.raw, self.server, begin, end)).lines(rows)))
        print("  worker: CPU of the function itself, with what it calls")
        print("\n".join(samples.lines()), flush=True)

    async def _settled(self) -> None:
        await self.raw.execute("CHECKPOINT")
        # The first change of a page after a checkpoint would log the page.
        await self.raw.execute("UPDATE thresholds.register SET level = level")
        await self.raw.execute("VACUUM ANALYZE thresholds.register")

    async def _log(self) -> int:
        return int(await self.raw.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    async def handle(self, messages: Sequence[Message]) -> None:
        """Applies the messages in batches, as a worker would."""
        for start in range(0, len(messages), ROLLS_AT_ONCE):
            async with self.engine.begin() as connection:
                await self.handler(connection, messages[start : start + ROLLS_AT_ONCE])

    async def bare(self, keys: Sequence[tuple[object, ...]]) -> None:
        """Reads and upserts every row, as large as it is."""
        for start in range(0, len(keys), ROLLS_AT_ONCE * 30):
            columns = [list(column) for column in zip(*keys[start : start + ROLLS_AT_ONCE * 30], strict=True)]
            async with self.raw.transaction():
                found = await self.raw.fetch(_BARE_LOAD, *columns)
                by_student = {row[2]: row[3] for row in found}
                marks = [b"." * 17 + by_student[student] for student in columns[2]]
                await self.raw.execute(_BARE_SAVE, *columns, marks)


_WANTED: Final = "unnest($1::text[], $2::text[], $3::text[]"
_BARE_LOAD: Final = (
    f"SELECT school, term, student, marks FROM {_WANTED}) AS w(school, term, student) JOIN bare USING (school, term, student)"
)
_BARE_SAVE: Final = f"""
    INSERT INTO bare (school, term, student, marks) SELECT * FROM {_WANTED}, $4::bytea[])
    ON CONFLICT (school, term, student) DO UPDATE SET marks = excluded.marks
"""


def messages(country: Country, second: int, received_at: datetime) -> Iterator[Message]:
    """This morning's roll as the bus gives it."""
    for offset, (number, body) in enumerate(country.rolls(sessions()[-1], second)):
        marks = msgspec.json.decode(body, type=dict[str, list[Mark]])["marks"]
        roll = MarksRecorded(number, "api", received_at, marks)
        event = Event(MARKS_RECORDED, f"{received_at.timestamp()}-{offset}", "/ingest", received_at, number, roll).encode()
        yield Message("star.marks.v1", 0, offset, number.encode(), event.value, event.headers)


ROLLS: Final = (("appended", 0, 0), ("received again", 0, 60), ("recorded later", 60, 90))
"""Rolls of this morning: how many seconds later they were recorded, and received."""


async def look_inside(bench: Bench, country: Country) -> None:
    """The parts that the figures are made of."""
    now = datetime.now(UTC)
    for name, second, later in ROLLS:
        rolls = list(messages(country, second, now + timedelta(seconds=later)))
        print(f"\nA mark {name}")
        await bench.inside(lambda rolls=rolls: bench.handle(rolls), country.students)  # type: ignore[misc]


async def measure(bench: Bench, country: Country, results: Results) -> None:
    """All figures of a run."""
    rows, now = country.students, datetime.now(UTC)
    keys = [row[:3] for row in rows_before(country)]
    ours, server, _ = await bench.cost(lambda: bench.bare(keys), rows)
    results.heading(f"{rows:,} rows, bare: read and upserted")
    results.add("bare: CPU a row, client and server", ours + server, "us")
    bare = ours + server
    for name, second, later in ROLLS:
        rolls = list(messages(country, second, now + timedelta(seconds=later)))
        results.heading(f"A mark {name}, batches of {ROLLS_AT_ONCE} rolls")
        worker, server, log = await bench.cost(lambda rolls=rolls: bench.handle(rolls), rows)  # type: ignore[misc]
        results.add(f"{name}: CPU a mark, worker", worker, "us")
        results.add(f"{name}: CPU a mark, PostgreSQL", server, "us")
        results.ratio(f"{name}: worker, of bare work", worker, bare)
        results.ratio(f"{name}: PostgreSQL, of bare work", server, bare)
        results.add(f"{name}: log a mark", log, "bytes")


def moved(before: dict[str, float], after: dict[str, float]) -> list[str]:
    """Those ratios and sizes that moved by more than a fifth, each as a line; microseconds are the machine's own."""
    lines = []
    for name, figure in after.items():
        was = before.get(name)
        if was is not None and not name.endswith("[us]") and abs(figure - was) > MOVED * max(was, 1):
            lines.append(f"{name}: {was:,.1f} before, {figure:,.1f} now")
    return lines


async def main() -> None:
    """Runs it, and says what moved."""
    parser = argparse.ArgumentParser(prog="bench-quick")
    parser.add_argument("--keep", action="store_true", help="keep this run as the baseline")
    parser.add_argument("--inside", action="store_true", help="print what the figures are made of")
    arguments = parser.parse_args()
    # As a worker does.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    country, results = Country(STUDENTS), Results()
    with tempfile.TemporaryDirectory(prefix="star-quick-", ignore_cleanup_errors=True) as folder:
        database = EmbeddedPostgres(Path(folder) / "postgres")
        url = database.start()
        try:
            await migrate(url, TREES)
            bench = await _bench(url, Path(folder), country)
            await (look_inside(bench, country) if arguments.inside else measure(bench, country, results))
            await bench.raw.close()
            await bench.engine.dispose()
        finally:
            database.stop()
    if arguments.inside:
        return
    if arguments.keep:
        results.write(BASELINE)
        return
    print("\nMoved by more than a fifth since the baseline:")
    for line in moved(json.loads(BASELINE.read_text()), results.figures) or ["nothing"]:
        print(f"  {line}")


async def _bench(url: str, folder: Path, country: Country) -> Bench:
    raw = await look_into(url)
    engine = create_engine(url, "thresholds", pool_size=2)
    async with engine.begin() as connection:
        for school in range(country.schools):
            sent = {**schools.school_body(school), "school": schools.number(school), "updated_at": datetime.now(UTC)}
            await known_schools.put(connection, msgspec.convert(sent, SchoolUpdated))
    await raw.copy_records_to_table("register", schema_name="thresholds", records=rows_before(country), columns=COLUMNS)
    await raw.execute(
        'CREATE TABLE bare (school text COLLATE "C", term text COLLATE "C", student text COLLATE "C", marks bytea,'
        " PRIMARY KEY (school, term, student)) WITH (fillfactor = 50)"
    )
    await raw.execute("INSERT INTO bare SELECT school, term, student, newest_first FROM thresholds.register")
    await raw.execute("VACUUM ANALYZE bare")
    handler = MarksHandler(DeadLetterBox("thresholds"), folder=Folder(CodeTable.load()), school_wait=timedelta(seconds=30))
    server = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    return Bench(raw, engine, server, handler)


if __name__ == "__main__":
    uvloop.run(main())
