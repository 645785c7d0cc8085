"""PostgreSQL, the parts under measurement as processes of their own, and the account of what each has cost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.kafka.probe import free_port
from shared.db.engine import create_engine
from tests.bench.nation.machine import Account, cpu_of
from tests.bench.results import Results
from tests.support.processes import Process, run_star

BASE: Final = {"STAR_HOLD": "PT0S", "STAR_LETTER_WINDOW": "any", "STAR_DAILY_CAP_LEAST": "100000", "STAR_KAFKA_PARTITIONS": "1"}
"""Letters are due at once at every hour of the day, and as many as there are may go."""


@dataclass
class Machine:
    """One database, and the parts that work with it."""

    folder: Path
    url: str
    postgres: int
    cleanup: ExitStack
    environment: dict[str, str]
    parts: dict[str, Process] = field(default_factory=dict)
    helpers: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, command: str, service: str, **settings: str) -> int:
        """Starts `star COMMAND SERVICE` and waits until it answers; answers its port."""
        port = free_port()
        process = Process(
            [command, service, "--port", str(port)],
            environment={**self.environment, **settings},
            output=self.folder / f"{name.replace(' ', '-')}.log",
            health=f"http://127.0.0.1:{port}/healthz",
        )
        process.start()
        self.parts[name] = process
        self.cleanup.callback(process.stop)
        return port

    def stop(self) -> None:
        """Stops all parts."""
        for process in self.parts.values():
            process.stop()
        self.parts.clear()

    def helper(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[str]:
        """Starts a Python module of the bench that says `ready` once it serves."""
        process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", name
        self.helpers[name] = process.pid
        self.cleanup.push(process)
        self.cleanup.callback(process.kill)
        return process

    def engine(self, schema: str) -> AsyncEngine:
        """Connections that act as a service."""
        return create_engine(self.url, schema, pool_size=4)

    async def account(self, engine: AsyncEngine) -> Account:
        """The cost of everything so far."""
        async with engine.connect() as connection:
            wal = (await connection.execute(text("SELECT pg_current_wal_insert_lsn() - CAST('0/0' AS pg_lsn)"))).scalar_one()
        pids = {name: process.pid for name, process in self.parts.items()} | self.helpers
        cpu = {name: cpu_of(pid) for name, pid in pids.items()} | {"postgresql": cpu_of(self.postgres)}
        return Account(cpu, int(wal), time.perf_counter())


@contextmanager
def running_machine(folder: Path, **settings: str) -> Iterator[Machine]:
    """A migrated database of its own, and nothing else."""
    folder.mkdir()
    with ExitStack() as cleanup:
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        cleanup.callback(database.stop)
        environment = {**BASE, "STAR_DATA": str(folder / "data"), "STAR_DATABASE_URL": url, **settings}
        run_star(["migrate"], environment)
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        yield Machine(folder, url, pid, cleanup, environment)


def show_cost(results: Results, name: str, cost: Account, units: float, unit: str) -> None:
    """Prints what a stage has cost for each unit."""
    results.add(f"{name}: WAL", cost.wal / units, f"B/{unit}")
    for part, cpu in _by_kind(cost.cpu).items():
        results.add(f"{name}: CPU, {part}", cpu / units * 1e3, f"ms/{unit}")
    # Near 100, the machine is the wall; below it, something waits. Other users of the machine are not in it.
    results.add(f"{name}: all parts, of the CPU that was there", sum(cost.cpu.values()) / (cost.at * (os.cpu_count() or 1)) * 100, "%")


def quantiles(results: Results, name: str, waits: Sequence[float]) -> None:
    """Prints the middle and the slow end of some waits, in seconds."""
    ordered = sorted(waits)
    for share in (50, 99):
        results.add(f"{name}, p{share}", ordered[min(len(ordered) * share // 100, len(ordered) - 1)] * 1e3, "ms")


def _by_kind(cpu: Mapping[str, float]) -> dict[str, float]:
    """Two workers are one line: their numbers are dropped."""
    summed: dict[str, float] = {}
    for part, seconds in cpu.items():
        kind = part.rstrip(" 0123456789")
        summed[kind] = summed.get(kind, 0.0) + seconds
    return summed
