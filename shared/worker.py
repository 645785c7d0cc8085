"""The parts a worker is put together from: each is a named loop that runs until it is asked to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.audit import repository as audit
from shared.bus.applying import Applier, Handler
from shared.bus.factory import open_bus
from shared.bus.interface import Bus, Publisher
from shared.bus.processor import Processor
from shared.clock import Clock, utc_now
from shared.db.engine import create_engine, ping
from shared.db.listen import Wakeup, listen
from shared.deadletters import repository as deadletters
from shared.deadletters.box import DeadLetterBox
from shared.events.topics import Topic
from shared.leases.lease import LENGTH, Lease
from shared.offsets.ledger import Ledger
from shared.outbox import repository as outbox
from shared.outbox.relay import LEASE as RELAY
from shared.outbox.relay import Archive, Relay, outbox_moves
from shared.retention import Retention, Rule
from shared.settings import Settings
from shared.supervisor import Loop
from shared.telemetry.progress import Progress
from shared.worklist import repository as worklist
from shared.worklist.runner import Runner
from shared.worklist.tasks import Task


@dataclass
class WorkerParts:
    """A worker's resources, and the loops that it can be made of."""

    schema: str
    settings: Settings
    engine: AsyncEngine
    bus: Bus
    publisher: Publisher
    progress: Progress
    clock: Clock = utc_now
    outbox_bell: Wakeup = field(default_factory=Wakeup)
    work_bells: list[Wakeup] = field(default_factory=list)
    work_kinds: list[str] = field(default_factory=list)

    def consume(self, name: str, topics: Sequence[Topic], handler: Handler) -> Loop:
        """Feeds the handler from the topics, as the group `<service>.<name>`."""
        group = f"{self.schema}.{name}"
        return self.processor(Ledger(self.engine, group), topics, handler, self.progress.loop(group)).run

    def processor(self, ledger: Ledger, topics: Sequence[Topic], handler: Handler, beat: Callable[[], None]) -> Processor:
        """Feeds the handler from the topics, as the ledger's group, which reads on where its ledger stands."""
        consumer = self.bus.consumer(ledger.group, [topic.name for topic in topics], ledger.positions)
        applier = Applier(self.engine, handler, ledger, DeadLetterBox(self.schema), self.clock)
        return Processor(ledger.group, consumer, applier, beat, self.clock)

    def relay(self, archive: Archive | None = None) -> Loop:
        """Carries the service's outbox to the bus."""
        relay = Relay(self.schema, self.engine, self.publisher, self.outbox_bell, self.lease(RELAY), archive=archive)
        beat = self.progress.loop(f"{self.schema}.relay")
        return lambda stop: relay.run(stop, beat)

    def lease(self, name: str, length: timedelta = LENGTH) -> Lease:
        """A lease of the service, for what only one of its workers may lead."""
        return Lease(self.engine, self.schema, name, self.settings.instance, length)

    def work(self, tasks: Sequence[Task], *, concurrency: int, name: str = "work") -> Loop:
        """Works off the service's worklist. Kinds that must not wait for each other get a loop each, with a name of its own."""
        bell = Wakeup()
        self.work_bells.append(bell)
        self.work_kinds += [task.kind for task in tasks]
        runner = Runner(self.schema, self.engine, tasks, bell, concurrency=concurrency, clock=self.clock)
        beat = self.progress.loop(f"{self.schema}.{name}")
        return lambda stop: runner.run(stop, beat)

    def retention(self, rules: Sequence[Rule] = (), *, history: Collection[str] = (), dead_letters: bool = True) -> Loop:
        """Lets go of what has been kept long enough: by the service's own rules, and by those for dead letters and finished work.

        `history` names the kinds of work whose attempts people see as part of a record: they go with it, by a rule of the service's own.
        `dead_letters` is False for a service that reads no topics.
        """
        settings = self.settings

        async def forget_work(connection: AsyncConnection, moment: datetime, most: int) -> int:
            kinds = [kind for kind in self.work_kinds if kind not in history]
            return await worklist.forget_finished_before(connection, kinds, moment, most)

        letters = (
            Rule("dead-letters-kept", settings.dead_letters_kept, deadletters.forget_kept_before),
            Rule("dead-letters-settled", settings.dead_letters_settled_kept, deadletters.forget_settled_before),
        )
        all_rules = (
            *rules,
            *(letters if dead_letters else ()),
            Rule("work", settings.work_kept, forget_work),
            Rule("audit", settings.audit_kept, audit.forget_before),
        )
        retention = Retention(self.schema, self.engine, all_rules, self.clock)
        beat = self.progress.loop(f"{self.schema}.retention")
        return lambda stop: retention.run(stop, beat)

    def bells(self, *more: Wakeup) -> Loop:
        """Rings the loops above when the database has news for them, and `more` bells when it has news of work."""

        def ring_work() -> None:
            for bell in (*self.work_bells, *more):
                bell.ring()

        channels = {outbox.channel(self.schema): self.outbox_bell.ring, worklist.channel(self.schema): ring_work}

        async def run(stop: asyncio.Event) -> None:
            await listen(self.settings.database_url, channels, stop)
            # Nor need the loops sleep on when they are asked to stop.
            for ring in channels.values():
                ring()

        return run


@asynccontextmanager
async def worker_parts(schema: str, settings: Settings, progress: Progress, clock: Clock = utc_now) -> AsyncIterator[WorkerParts]:
    """Opens a worker's resources, and closes them in the order that loses nothing."""
    engine = create_engine(settings.database_url, schema, pool_size=settings.database_pool)
    try:
        async with open_bus(settings) as (bus, publisher):
            checks = {
                f"{schema}.database": lambda: ping(engine),
                f"{schema}.bus": bus.ping,
                f"{schema}.outbox": lambda: outbox_moves(engine),
            }
            with progress.asking(checks):
                yield WorkerParts(schema, settings, engine, bus, publisher, progress, clock)
    finally:
        await engine.dispose()
