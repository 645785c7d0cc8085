"""The parts under measurement as processes of their own, and the account of what each has cost."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.probe import free_port
from tests.bench.product import environment_of, token_of
from tests.support.processes import Process, run_star

DOORS = 2
WORKERS = 2


@dataclass(frozen=True)
class Account:
    """CPU seconds by part, the WAL written so far in bytes, and the wall clock."""

    cpu: Mapping[str, float]
    wal: int
    at: float

    def since(self, before: "Account") -> "Account":
        """The difference between two readings."""
        return Account({name: cpu - before.cpu.get(name, 0) for name, cpu in self.cpu.items()}, self.wal - before.wal, self.at - before.at)


@dataclass
class Machine:
    """Addresses, processes, and a connection to look at the database with."""

    broker: KafkaBroker
    database_url: str
    token: str
    doors: list[int]
    processes: dict[str, Process]
    postgres: int
    environment: dict[str, str]
    database: asyncpg.Connection | None = None

    async def another_look(self) -> asyncpg.Connection:
        """One more connection to look at the database with."""
        return await look_into(self.database_url)

    async def account(self) -> Account:
        """The cost of everything up to now."""
        assert self.database is not None
        wal = await self.database.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'")
        cpu = {name: cpu_of(process.pid) for name, process in self.processes.items()}
        cpu["kafka"] = cpu_of(int((self.broker.folder / "broker.pid").read_text().split()[0]))
        cpu["postgresql"] = cpu_of(self.postgres)
        return Account(cpu, int(wal), time.perf_counter())

    def memory(self) -> dict[str, int]:
        """Bytes of memory by part, now."""
        return {name: psutil.Process(process.pid).memory_info().rss for name, process in self.processes.items()}


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its children, the ended ones included."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    children = [child.cpu_times() for child in process.children(recursive=True)]
    return float(times.user + times.system + times.children_user + times.children_system + sum(c.user + c.system for c in children))


async def look_into(url: str) -> asyncpg.Connection:
    """A connection to the embedded database."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return await asyncpg.connect(user=parts.username, database=parts.path[1:], host=query["host"][0], port=int(query["port"][0]))


@contextmanager
def running_machine(folder: Path) -> Iterator[Machine]:
    """Kafka, PostgreSQL, two doors and two workers on this machine."""
    with ExitStack() as cleanup:
        broker = KafkaBroker(folder / "kafka")
        broker.install()
        broker.start()
        cleanup.callback(broker.stop)
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        cleanup.callback(database.stop)
        environment = environment_of(folder, url, broker)
        run_star(["migrate"], environment)
        token = token_of(folder)
        processes: dict[str, Process] = {}
        doors = [free_port() for _ in range(DOORS)]

        def part(name: str, command: str, service: str, port: int) -> None:
            process = Process(
                [command, service, "--port", str(port)],
                environment=environment,
                output=folder / f"{name}.log",
                health=f"http://127.0.0.1:{port}/healthz",
            )
            process.start()
            cleanup.callback(process.stop)
            processes[name] = process

        for place, port in enumerate(doors):
            part(f"door {place + 1}", "serve", "ingest", port)
        part("door's relay", "work", "ingest", free_port())
        for place in range(WORKERS):
            part(f"worker {place + 1}", "work", "thresholds", free_port())
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        yield Machine(broker, url, token, doors, processes, pid, environment)
