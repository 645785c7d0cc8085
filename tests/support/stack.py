"""The whole product, in both of its set-ups, as outsiders see it: addresses, tokens, letters and uploads.

Embedded: `star run`, one process. Cluster: each part of each service a process of its own, on Kafka and PostgreSQL.
"""

import copy
import secrets
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID, uuid5

import httpx
import psutil

from deploy.embedded.postgres import EmbeddedPostgres, NotStartedYetError, as_role, running_database
from deploy.embedded.trees import SERVICE_TREES
from deploy.kafka.broker import KafkaBroker
from shared.db.logins import login_of
from shared.identifiers import NAMESPACE
from tests.support.dumps import BIN
from tests.support.kafka import running_broker
from tests.support.keeper import kept
from tests.support.ports import free_port
from tests.support.processes import Process, run_star
from tests.support.tls_postgres import tls_postgres

SERVICES = ("ingest", "thresholds", "notifier", "moe-sync")
QUERY = "sslmode=require"
ALL_SCOPES = "marks:write roster:write star:read star:write uploads:run events:subscribe ops"
# Receivers of webhooks run on this machine. A letter that the mail server put off is tried again soon.
ENVIRONMENT = {
    "STAR_HOLD": "PT0S",
    "STAR_LETTER_WINDOW": "any",
    "STAR_LOG_FORMAT": "json",
    "STAR_WEBHOOK_ALLOW": "127.0.0.0/8",
    "STAR_DELIVERY_PAUSE": "PT2S",
}


class Stack(ABC):
    """The part that both set-ups offer to a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.http = httpx.Client(timeout=30)

    @abstractmethod
    def url(self, service: str) -> str:
        """The base address of a service."""

    @property
    @abstractmethod
    def sandbox(self) -> str:
        """The base address of the mail catcher and the Ministry."""

    @property
    @abstractmethod
    def heart(self) -> Process:
        """The process that folds marks, to be killed."""

    @property
    @abstractmethod
    def database_url(self) -> str:
        """The database, as its owner."""

    def sql(self, *statements: str) -> str:
        """Runs each statement on its own, as the database's owner; answers what the last printed."""
        commands = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(
            [BIN / "psql", "-qtAX", "-v", "ON_ERROR_STOP=1", self.database_url, *commands], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @abstractmethod
    def stop_bus(self) -> None:
        """Takes the bus away from everybody."""

    @abstractmethod
    def start_bus(self) -> None:
        """Brings it back, with what it held."""

    @abstractmethod
    def kill_database(self) -> None:
        """SIGKILL to PostgreSQL."""

    @abstractmethod
    def start_database(self) -> None:
        """Brings it back, with what it held."""

    def token(self, scopes: str = ALL_SCOPES, schools: str = "*", *more: str) -> str:
        """A token, as the command issues it; `more` of the command's options."""
        arguments = ["token", "issue", "--data", str(self.data), "--subject", "tests", "--scopes", scopes, "--schools", schools, *more]
        return run_star(arguments, {})

    def mail(self) -> list[dict[str, Any]]:
        """The letters that left, oldest first."""
        messages: list[dict[str, Any]] = self.http.get(f"{self.sandbox}/mail").raise_for_status().json()["messages"]
        return messages

    def uploads(self) -> list[dict[str, Any]]:
        """The uploads that the Ministry accepted, oldest first."""
        items: list[dict[str, Any]] = self.http.get(f"{self.sandbox}/ministry/uploads").raise_for_status().json()["items"]
        return items

    def faults(self, fault: dict[str, Any]) -> None:
        """Tells the Ministry to fail."""
        self.http.post(f"{self.sandbox}/ministry/faults", json=fault).raise_for_status()


class EmbeddedStack(Stack):
    """`star run` on a data folder of its own."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._environment = ENVIRONMENT | (environment or {})
        self._lay_out(None)

    def _lay_out(self, tree: Path | None) -> None:
        self._process = Process(
            ["run", "--no-demo", "--port", str(self.port), "--data", str(self.data)],
            environment=self._environment,
            output=self.folder / f"star{'' if tree is None else '-before'}.log",
            health=f"http://127.0.0.1:{self.port}/ingest/healthz",
            tree=tree,
        )

    def elsewhere(self) -> Self:
        """The same data folder on a port that nobody knows; only one of the two may run."""
        other = copy.copy(self)
        other.port = free_port()
        other._lay_out(None)
        return other

    def beside(self, tree: Path) -> Self:
        """The same data folder and port under another release, whose files are in the tree; only one of the two may run."""
        other = copy.copy(self)
        other._lay_out(tree)
        return other

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port}/{service}"

    @property
    def sandbox(self) -> str:
        return self.url("sandbox")

    @property
    def heart(self) -> Process:
        return self._process

    @property
    def database_url(self) -> str:
        url = running_database(self.data / "postgres")
        assert url is not None
        return url

    def stop_bus(self) -> None:
        """The bus is the database."""
        self.kill_database()

    def start_bus(self) -> None:
        """Nothing to do: the process starts its database again by itself."""

    def kill_database(self) -> None:
        kill_postgres(self.data / "postgres")

    def start_database(self) -> None:
        """Nothing to do: the process starts its database again by itself."""


class ClusterStack(Stack):
    """One process for each service's API and worker; Kafka, PostgreSQL and the sandbox beside them.

    `database` is a server that the test may kill. `tree` is the folder of another release's files, to be run instead of these; `machines`
    has what sets the machine of a command's processes (`serve`, `work`) apart from this one, as environment.
    """

    def __init__(
        self,
        folder: Path,
        broker: KafkaBroker,
        database: EmbeddedPostgres | None,
        database_url: str,
        *,
        tree: Path | None = None,
        machines: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        super().__init__(folder)
        self.machines = machines
        self.broker = broker
        self.database = database
        self.tree = tree
        self.smtp_port, self.sandbox_port = free_port(), free_port()
        self.environment = ENVIRONMENT | {
            "STAR_DATA": str(self.data),
            "STAR_DATABASE_URL": database_url,
            # The release before does not read these: there, all log in as the owner.
            **{f"STAR_{tree.schema.upper()}_DATABASE_URL": as_role(database_url, login_of(tree.schema)) for tree in SERVICE_TREES},
            "STAR_BUS": "kafka",
            "STAR_KAFKA_BOOTSTRAP": broker.bootstrap,
            "STAR_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "STAR_MINISTRY_URL": f"http://127.0.0.1:{self.sandbox_port}/ministry",
        }
        self._lay_out()

    def _lay_out(self) -> None:
        self.ports = {service: free_port() for service in SERVICES}
        self.apis = {service: self._part("serve", service, self.ports[service]) for service in SERVICES}
        self.workers = {service: self._part("work", service, free_port()) for service in SERVICES}
        self.sandbox_process = Process(
            ["sandbox", "--port", str(self.sandbox_port), "--smtp-port", str(self.smtp_port), "--data", str(self.data)],
            environment=self.environment,
            output=self.folder / "sandbox.log",
            health=f"http://127.0.0.1:{self.sandbox_port}/mail",
        )

    def reach(self, **settings: str) -> None:
        """Has the processes, which do not run yet, reach their neighbours by other addresses."""
        self.environment = self.environment | settings
        self._lay_out()

    def another_api(self, service: str, name: str) -> Process:
        """An API beside the other, for clients that go on with it while that one restarts; its address is `health` without its path."""
        return self._part("serve", service, free_port(), f"-{name}")

    def console(self) -> Process:
        """The screens, which ask the cluster's own APIs; not started."""
        urls = {f"STAR_CONSOLE_{service.replace('-', '_').upper()}_URL": self.url(service) for service in SERVICES}
        return self._part("serve", "console", free_port(), more=urls)

    def another_worker(self, service: str, name: str, within: Sequence[str] = ()) -> Process:
        """A worker beside the others, which holds its leases under a name; run by the command `within`."""
        more = {"STAR_INSTANCE": str(self.instance(name))}
        return self._part("work", service, free_port(), f"-{name}", more, within)

    @staticmethod
    def instance(name: str) -> UUID:
        """The instance under which the worker of this name holds its leases."""
        return uuid5(NAMESPACE, name)

    def _part(
        self,
        command: str,
        service: str,
        port: int,
        suffix: str = "",
        more: Mapping[str, str] = MappingProxyType({}),
        within: Sequence[str] = (),
    ) -> Process:
        return Process(
            [command, service, "--port", str(port)],
            environment={**self.environment, **self.machines.get(command, {}), **more},
            output=self.folder / f"{command}-{service}{'' if self.tree is None else '-before'}{suffix}.log",
            health=f"http://127.0.0.1:{port}/healthz",
            tree=self.tree,
            within=within,
        )

    def beside(self, tree: Path | None) -> Self:
        """The same set-up with processes of another release: other ports, one database, broker, data folder and sandbox."""
        other = copy.copy(self)
        other.tree = tree
        other._lay_out()
        return other

    def migrate(self, *options: str) -> None:
        """Runs `star migrate`."""
        run_star(["migrate", *options], self.environment, self.tree)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def heart(self) -> Process:
        return self.workers["thresholds"]

    @property
    def database_url(self) -> str:
        return self.environment["STAR_DATABASE_URL"]

    def stop_bus(self) -> None:
        self.broker.stop()

    def start_bus(self) -> None:
        self.broker.start()

    def kill_database(self) -> None:
        kill_postgres(self.folder / "postgres")

    def start_database(self) -> None:
        """The server's children take a moment to notice that it is gone."""
        deadline = time.monotonic() + 30
        while True:
            assert self.database is not None, "the server is not the test's to start"
            try:
                return self.database.start_again()
            except NotStartedYetError:
                assert time.monotonic() < deadline, "PostgreSQL did not start again"
                time.sleep(0.2)

    def processes(self) -> list[Process]:
        """Every process, in the order to start them."""
        return [self.sandbox_process, *self.apis.values(), *self.workers.values()]


def kill_postgres(folder: Path) -> None:
    """SIGKILL to the server of a folder; returns when it is gone."""
    server = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
    server.kill()
    deadline = time.monotonic() + 30
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "PostgreSQL did not die"
        time.sleep(0.01)


@contextmanager
def embedded_stack(folder: Path, environment: dict[str, str] | None = None) -> Iterator[EmbeddedStack]:
    """A running single process."""
    stack = EmbeddedStack(folder, environment)
    stack.heart.start()
    try:
        yield stack
    finally:
        assert stack.heart.stop() == 0, stack.heart.output.read_text()[-3000:]


@contextmanager
def cluster(
    folder: Path, machines: Mapping[str, Mapping[str, str]] = MappingProxyType({}), broker: Callable[[Path], KafkaBroker] | None = None
) -> Iterator[ClusterStack]:
    """A broker and a database of its own, which run, and a cluster on them, which does not yet."""
    stop_database = ("sh", "-c", 'kill -QUIT $(head -1 "$0/postmaster.pid")', str(folder / "postgres"))
    with ExitStack() as cleanup:
        cleanup.enter_context(kept(folder / "database.users", *stop_database))
        brokers = cleanup.enter_context(kept_broker(folder, broker))
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        cleanup.callback(database.stop)
        yield ClusterStack(folder, brokers, database, url, machines=machines)


@contextmanager
def kept_broker(folder: Path, kind: Callable[[Path], KafkaBroker] | None = None) -> Iterator[KafkaBroker]:
    """A broker of its own, which runs. It outlives the process that started it: a keeper stops it, should the test be killed."""
    stop = (sys.executable, "-m", "deploy.kafka", "stop", "--data", str(folder / "kafka"))
    with kept(folder / "broker.users", *stop), running_broker(folder / "kafka", kind) as broker:
        yield broker


@contextmanager
def guarded_cluster(folder: Path) -> Iterator[ClusterStack]:
    """A cluster, which does not run yet, on a database behind TLS that asks each service for a password of its own."""
    with tls_postgres() as server, kept_broker(folder) as broker:
        stack = ClusterStack(folder, broker, None, server.url(QUERY))
        stack.reach(**{f"STAR_{tree.schema.upper()}_DATABASE_URL": login_url(stack.database_url, tree.schema) for tree in SERVICE_TREES})
        yield stack


def login_url(owner_url: str, schema: str) -> str:
    """The address of a service's login with a new password, at the server of the owner's address."""
    return f"postgresql://{login_of(schema)}:{secrets.token_urlsafe()}@{owner_url.rpartition('@')[2]}"


@contextmanager
def started(processes: Sequence[Process]) -> Iterator[None]:
    """The processes, which answer; stopped at the end."""
    with ExitStack() as cleanup:
        for process in processes:
            process.launch()
            cleanup.callback(process.stop)
        for process in processes:
            process.await_health()
        yield


@contextmanager
def cluster_stack(folder: Path, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[ClusterStack]:
    """A running cluster on a broker and a database of its own."""
    with cluster(folder, {"serve": environment, "work": environment}) as stack:
        stack.migrate()
        with started(stack.processes()):
            yield stack
