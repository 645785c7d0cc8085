"""The product under measurement: ingest's API and thresholds' worker as processes of their own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.probe import free_port
from tests.bench import schools
from tests.support.processes import Process, run_star


@dataclass
class Product:
    """Addresses and processes."""

    broker: KafkaBroker
    database_url: str
    token: str
    ingest_port: int
    worker_port: int
    ingest: Process
    ingest_worker: Process
    thresholds: Process

    def send_schools(self, count: int) -> None:
        """PUTs the schools, and waits until the heart knows them."""
        with httpx.Client(headers={"Authorization": f"Bearer {self.token}"}) as http:
            for school in range(count):
                url = f"http://127.0.0.1:{self.ingest_port}/v1/schools/{schools.number(school)}"
                http.put(url, json=schools.school_body(school)).raise_for_status()

    async def folded(self) -> float:
        """How many marks the heart has folded since its start."""
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://127.0.0.1:{self.worker_port}/metrics")).text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("star_marks_folded_total{"))

    async def drained(self, expected: float, bound: float = 300) -> float:
        """Waits until so many marks are folded; answers the moment."""
        deadline = time.perf_counter() + bound
        while time.perf_counter() < deadline:
            if await self.folded() >= expected:
                return time.perf_counter()
            await asyncio.sleep(0.05)
        raise AssertionError("the heart did not keep up")


def environment_of(folder: Path, database_url: str, broker: KafkaBroker) -> dict[str, str]:
    """The settings of every process under measurement."""
    return {
        "STAR_DATA": str(folder / "data"),
        "STAR_DATABASE_URL": database_url,
        "STAR_BUS": "kafka",
        "STAR_KAFKA_BOOTSTRAP": broker.bootstrap,
    }


def token_of(folder: Path) -> str:
    """A token that may send marks and rosters of every school."""
    issue = ["token", "issue", "--data", str(folder / "data"), "--subject", "bench"]
    return run_star([*issue, "--scopes", "marks:write roster:write", "--schools", "*"], {})


@contextmanager
def running_product(folder: Path) -> Iterator[Product]:
    """Kafka, PostgreSQL, ingest and thresholds on this machine."""
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
        ports = [free_port(), free_port(), free_port()]

        def part(command: str, service: str, port: int) -> Process:
            process = Process(
                [command, service, "--port", str(port)],
                environment=environment,
                output=folder / f"{command}-{service}.log",
                health=f"http://127.0.0.1:{port}/healthz",
            )
            process.start()
            cleanup.callback(process.stop)
            return process

        yield Product(
            broker,
            url,
            token,
            ports[0],
            ports[1],
            part("serve", "ingest", ports[0]),
            part("work", "ingest", ports[2]),
            part("work", "thresholds", ports[1]),
        )
