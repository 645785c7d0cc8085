"""The parts a worker is put together from: each is a named loop that runs until it is asked to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.audit import repository as audit
from shared.bus.applying import Applier, Handler
from shared.bus.factory import open_bus
from shared.bus.interface import Bus, Publisher
from shared.bus.processor import Processor
from shared.clock import Clock, utc_now
from shared.clockwatch.doubting import UnlessDoubted
from shared.clockwatch.watch import ClockWatch
from shared.db.engine import RESTED, create_engine, ping
from shared.db.errors import is_transient
from shared.db.listen import Wakeup, listen
from shared.deadletters import repository as deadletters
from shared.deadletters.box import DeadLetterBox
from shared.erasures import repository as erasures
from shared.events.topics import ERASURES, Topic
from shared.leases.lease import LENGTH, Lease
from shared.offsets import repository as offsets
from shared.offsets.ledger import Ledger
from shared.outbox import repository as outbox
from shared.outbox.relay import LEASE as RELAY
from shared.outbox.relay import Archive, Relay, outbox_moves
from shared.parts.announcing import Announcer, announcing
from shared.retention import Forget, Retention, Rule
from shared.settings import Settings
from shared.supervisor import Loop
from shared.telemetry import metrics
from shared.telemetry.progress import Progress
from shared.worklist import repository as worklist
from shared.worklist.runner import Runner
from shared.worklist.tasks import Task

assert ERASURES.retention is not None
ERASURES_KEPT: Final = ERASURES.retention


@dataclass
class WorkerParts:
    """A worker's resources, and the loops that it can be made of."""

    schema: str
    settings: Settings
    engine: AsyncEngine
    bus: Bus
    publisher: Publisher
    progress: Progress
    watch: ClockWatch
    clock: Clock = utc_now
    outbox_bell: Wakeup = field(default_factory=Wakeup)
    work_bells: list[tuple[frozenset[str], Wakeup]] = field(default_factory=list)
    work_kinds: list[str] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)

    def consume(self, name: str, topics: Sequence[Topic], handler: Handler, *, by_clock: bool = False) -> Loop:
        """Feeds the handler from the topics, as the group `<service>.<name>`.

        `by_clock`: what it decides by the time can't be taken back, so it waits while the clock is doubted.
        """
        group = f"{self.schema}.{name}"
        handler = UnlessDoubted(handler, self.watch.in_doubt) if by_clock else handler
        return self.processor(Ledger(self.engine, group), topics, handler, self.progress.loop(group)).run

    def processor(self, ledger: Ledger, topics: Sequence[Topic], handler: Handler, beat: Callable[[], None]) -> Processor:
        """Feeds the handler from the topics, as the ledger's group, which reads on where its ledger stands."""
        consumer = self.bus.consumer(ledger.group, [topic.name for topic in topics], ledger.positions)
        # There from the start: an alarm is raised by its rising.
        metrics.UNFORESEEN.labels(ledger.group)
        applier = Applier(self.engine, handler, ledger, DeadLetterBox(self.schema), self.clock)
        return Processor(ledger.group, consumer, applier, beat, self.clock)

    def relay(self, archive: Archive | None = None) -> Loop:
        """Carries the service's outbox to the bus."""
        relay = Relay(self.schema, self.engine, self.publisher, self.outbox_bell, self.lease(RELAY), archive=archive)
        beat = self.progress.loop(f"{self.schema}.relay")
        return lambda stop: relay.run(stop, beat)

    def lease(self, name: str, length: timedelta = LENGTH) -> Lease:
        """A lease of the service, for what only one of its workers may lead."""
        lease = Lease(self.engine, self.schema, name, self.settings.instance, length)
        self.leases.append(lease)
        return lease

    def clock_watch(self) -> Loop:
        """Watches the clock."""
        beat = self.progress.loop(f"{self.schema}.clock")
        return lambda stop: self.watch.run(stop, beat)

    def work(self, tasks: Sequence[Task], *, concurrency: int, name: str = "work", regardless: Collection[str] = ()) -> Loop:
        """Works off the service's worklist. Kinds that must not wait for each other get a loop each, with a name of its own.

        While the clock is doubted, all kinds wait but those named in `regardless`.
        """
        bell = Wakeup()
        self.work_bells.append((frozenset(task.kind for task in tasks), bell))
        self.work_kinds += [task.kind for task in tasks]
        runner = Runner(
            self.schema,
            self.engine,
            tasks,
            bell,
            concurrency=concurrency,
            clock=self.clock,
            doubts=self.watch.in_doubt,
            regardless=regardless,
        )
        beat = self.progress.loop(f"{self.schema}.{name}")
        return lambda stop: runner.run(stop, beat)

    def retention(self, rules: Sequence[Rule] = (), *, history: Collection[str] = ()) -> Loop:
        """Lets go of what has been kept long enough: by the service's own rules, and by those for dead letters and finished work.

        `history` names the kinds of work whose attempts people see as part of a record: they go with it, by a rule of the service's own.
        """
        settings = self.settings

        async def forget_work(connection: AsyncConnection, moment: datetime, most: int) -> int:
            kinds = [kind for kind in self.work_kinds if kind not in history]
            return await worklist.forget_finished_before(connection, kinds, moment, most)

        all_rules = (*rules, *common_rules(settings, forget_work))
        retention = Retention(self.schema, self.engine, all_rules, self.clock, self.watch.in_doubt)
        beat = self.progress.loop(f"{self.schema}.retention")
        return lambda stop: retention.run(stop, beat)

    def bells(self, *more: Wakeup) -> Loop:
        """Rings the loops above when the database has news for them, and `more` bells when it has news of work."""

        def ring_work(kind: str = "") -> None:
            for kinds, bell in self.work_bells:
                if not kind or kind in kinds:
                    bell.ring()
            for other in more:
                other.ring()

        self.watch.believed = ring_work
        outbox_channel, work_channel = outbox.channel(self.schema), worklist.channel(self.schema)

        async def run(stop: asyncio.Event) -> None:
            await listen(self.settings.database_url, {outbox_channel: self.outbox_bell.ring}, stop, {work_channel: ring_work})
            # Nor need the loops sleep on when they are asked to stop.
            self.outbox_bell.ring()
            ring_work()

        return run


def common_rules(settings: Settings, forget_work: Forget) -> tuple[Rule, ...]:
    """The rules for what every service has: dead letters, finished work, the audit log, erasures, gaps that were settled."""
    return (
        Rule(
            "dead-letters-kept",
            settings.dead_letters_kept,
            deadletters.forget_kept_before,
            tables=("dead_letters",),
            setting="dead_letters_kept",
        ),
        Rule(
            "dead-letters-settled",
            settings.dead_letters_settled_kept,
            deadletters.forget_settled_before,
            setting="dead_letters_settled_kept",
        ),
        Rule("work", settings.work_kept, forget_work, tables=("work", "work_attempts"), setting="work_kept"),
        Rule("audit", settings.audit_kept, audit.forget_before, tables=("audit", "audit_also"), setting="audit_years"),
        Rule("erasures", ERASURES_KEPT, erasures.forget_before, tables=("erasures",)),
        Rule("offset-gaps", settings.work_kept, offsets.forget_settled_before, tables=("offset_gaps",), setting="work_kept"),
    )


@asynccontextmanager
async def worker_parts(
    schema: str, settings: Settings, progress: Progress, clock: Clock = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> AsyncIterator[WorkerParts]:
    """Opens a worker's resources, and closes them in the order that loses nothing."""
    engine = create_engine(settings.database_url, schema, pool_size=settings.database_pool, rested=RESTED)
    try:
        async with open_bus(settings) as (bus, publisher):
            watch = ClockWatch(schema, engine, settings.clock_jump, settings.clock_standing, clock, monotonic)
            # So that work need not wait for the loop that watches; where the database is away, it does.
            try:
                await watch.look()
            except Exception as error:
                if not is_transient(error):
                    raise
            checks = {
                f"{schema}.clock": watch.check,
                f"{schema}.database": lambda: ping(engine),
                f"{schema}.bus": bus.ping,
                f"{schema}.outbox": lambda: outbox_moves(engine),
            }
            parts = WorkerParts(schema, settings, engine, bus, publisher, progress, watch, clock)
            announcer = Announcer(engine, "worker", progress, progress.checks, prefix=f"{schema}.", leases=parts.leases, lags=bus.lags)
            with progress.asking(checks):
                async with announcing(announcer):
                    yield parts
    finally:
        await engine.dispose()
