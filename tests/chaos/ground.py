"""The ground on which faults happen, and what it takes: ways that can be made bad, a small disk, a host that can vanish."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.receiver import Receiver, receiving
from tests.support.blackhole import HOST, Way, socket_of, way_to, way_to_database
from tests.support.disks import NotPermittedError, small_disk
from tests.support.far_host import FarHost, far_host
from tests.support.processes import START_TIMEOUT, Process
from tests.support.stack import ClusterStack, cluster, started
from tests.support.stepped_clock import SteppedClock
from tests.support.two_ways import TwoWays

DISK: Final = 1500
"""Megabytes of the database's disk: some times what a storm of minutes writes."""


@dataclass(frozen=True)
class Far:
    """A second worker of the heart, on a host of its own."""

    host: FarHost
    worker: Process

    def start(self) -> None:
        """Starts the worker, and waits until it answers on its host."""
        self.worker.launch()
        self.host.await_health(sys.executable, self.worker.health, START_TIMEOUT)


@dataclass
class Ground:
    """The stack; the clock of its workers; the ways of its processes to the database, the brokers, the mail and the Ministry; a receiver.

    `disk` is the folder of the database, if it has a disk of its own; `far` is a host that can vanish.
    """

    stack: ClusterStack
    clock: SteppedClock
    database: Way
    broker: Way
    outside: tuple[Way, Way]
    receiver: Receiver
    disk: Path | None
    far: Far | None
    hangs: list[str]

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way of the processes to a server."""
        return (self.database, self.broker, *self.outside)


@contextmanager
def ground(folder: Path, say: Callable[[str], None]) -> Iterator[Ground]:
    """The whole product on separate processes, which run; nothing has happened yet. Says which faults this machine can't have."""
    clock = SteppedClock(folder, "workers")
    with ExitStack() as cleanup:
        disk: Path | None = folder / "postgres"
        try:
            cleanup.enter_context(small_disk(folder / "postgres", DISK))
        except NotPermittedError as error:
            say(f"A FULL DISK IS NOT TRIED: {error}")
            disk = None
        made = cleanup.enter_context(cluster(folder, broker=TwoWays))
        broker = made.broker
        assert isinstance(broker, TwoWays)
        # The processes reach every server by a way that can be made bad; the checker does not.
        to_database, url = cleanup.enter_context(way_to_database(made.database_url))
        to_broker = cleanup.enter_context(way_to(f"{HOST}:{broker.behind}", broker.before))
        stack = ClusterStack(folder, broker, made.database, url, machines={"work": clock.environment})
        to_mail = cleanup.enter_context(way_to(f"{HOST}:{stack.smtp_port}"))
        to_ministry = cleanup.enter_context(way_to(f"{HOST}:{stack.sandbox_port}"))
        stack.reach(
            STAR_KAFKA_BOOTSTRAP=f"{HOST}:{to_broker.port}",
            STAR_SMTP_URL=f"smtp://{HOST}:{to_mail.port}",
            STAR_MINISTRY_URL=f"http://{HOST}:{to_ministry.port}/ministry",
        )
        stack.migrate()
        cleanup.enter_context(started(stack.processes()))
        servers = {to_database.port: socket_of(made.database_url), to_broker.port: f"{HOST}:{broker.behind}"}
        far: Far | None = None
        try:
            host = cleanup.enter_context(far_host(f"star-far-{os.getpid()}", folder, servers))
        except NotPermittedError as error:
            say(f"A VANISHED HOST IS NOT TRIED: {error}")
        else:
            far = Far(host, stack.another_worker("thresholds", "far", within=host.within))
            cleanup.callback(far.worker.kill)
        receiver = cleanup.enter_context(receiving())
        yield Ground(stack, clock, to_database, to_broker, (to_mail, to_ministry), receiver, disk, far, [])
