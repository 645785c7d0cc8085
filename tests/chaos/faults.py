"""The faults, as data: a name, what begins it, what heals it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import Final

from shared.bus.interface import Outgoing
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.bus import KafkaBus
from tests.chaos.ground import Ground
from tests.support.blackhole import Link, Way
from tests.support.disks import fill
from tests.support.processes import Process

TERM_WITHIN: Final = 35.0
"""Seconds: the bound on draining is 30. More is a hang, and a hang is a failure."""


BALLAST: Final = "ballast"
FULL_DISK: Final = "the database's disk is full"
VANISHED_HOST: Final = "a host of the heart vanishes"

SHARED_AFTER: Final = 5.0
"""Seconds until a new worker has its share of the partitions."""
SILENT: Final = 15.0
"""Seconds of a vanished host: longer than a lease and a member's session."""

Fault = Callable[[Ground, float], AbstractContextManager[None]]
"""In force within the context; the number is for how many seconds it is to last."""


def _lasting(begin: Callable[[Ground], None], heal: Callable[[Ground], None]) -> Fault:
    @contextmanager
    def fault(ground: Ground, seconds: float) -> Iterator[None]:
        begin(ground)
        try:
            time.sleep(seconds)
            yield
        finally:
            heal(ground)

    return fault


def _start(process: Process) -> None:
    """A machine that is busy takes its time; a process that ended has failed."""
    process.launch()
    try:
        process.await_health()
    except AssertionError:
        if not process.running:
            raise
        process.await_health()


def _killed(process: Callable[[Ground], Process]) -> Fault:
    return _lasting(lambda ground: process(ground).kill(), lambda ground: _start(process(ground)))


def _terminated(process: Callable[[Ground], Process]) -> Fault:
    return _lasting(lambda ground: _stop(ground, process(ground)), lambda ground: _start(process(ground)))


def _stop(ground: Ground, process: Process) -> None:
    began = time.monotonic()
    try:
        process.stop()
    except AssertionError:
        ground.hangs.append(f"{' '.join(process.arguments)}: never")
    else:
        if (took := time.monotonic() - began) > TERM_WITHIN:
            ground.hangs.append(f"{' '.join(process.arguments)}: {took:.0f} s")


def _frozen(process: Callable[[Ground], Process]) -> Fault:
    return _lasting(lambda ground: process(ground).freeze(), lambda ground: process(ground).thaw())


def _restart_database(ground: Ground) -> None:
    ground.stack.kill_database()
    ground.stack.start_database()


def _read_only(value: str) -> Callable[[Ground], None]:
    return lambda ground: _psql(ground, f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()")


def _psql(ground: Ground, *statements: str) -> None:
    # A session that is read-only by default may still change the server's own settings.
    ground.stack.sql("SET default_transaction_read_only = off", *statements)


def _poison(ground: Ground) -> None:
    async def publish() -> None:
        bus = KafkaBus(KafkaAccess(ground.stack.broker.bootstrap), partitions=8, publish_timeout=timedelta(seconds=10))
        publisher = bus.publisher()
        await publisher.start()
        poison = [b"", b"{", b'{"school": 1}', b"\xff\xfe", b"[" * 1000]
        for topic in ("star.marks.v1", "star.crossings.v1", "star.students.v1"):
            await publisher.publish([Outgoing(topic, b"0999", value, (("ce_type", b"nz.star.unheard.of.v1"),)) for value in poison])
        await publisher.stop()
        await bus.close()

    asyncio.run(publish())


def _mail(document: Mapping[str, object]) -> Callable[[Ground], None]:
    return lambda ground: ground.stack.http.post(f"{ground.stack.sandbox}/mail/faults", json=dict(document)).raise_for_status() and None


def _temper(name: str) -> Callable[[Ground], None]:
    return lambda ground: setattr(ground.receiver, "temper", name)


def _step(ahead: timedelta) -> Callable[[Ground], None]:
    return lambda ground: ground.clock.step_to(ahead)


def _on(ways: Callable[[Ground], Sequence[Way]], link: Link) -> Callable[[Ground], None]:
    def become(ground: Ground) -> None:
        for way in ways(ground):
            way.become(link)

    return become


def _every(ground: Ground) -> Sequence[Way]:
    return ground.ways


def _fill_disk(ground: Ground) -> None:
    assert ground.disk is not None
    fill(ground.disk / BALLAST)
    # The server has prepared files of its log; a storm's few rows would not fill them. It ends, and can't start again.
    with suppress(AssertionError):
        ground.stack.sql("SELECT count(pg_logical_emit_message(true, 'full', repeat('x', 1 << 20))) FROM generate_series(1, 100)")
        raise RuntimeError("the disk is not full")


def _free_disk(ground: Ground) -> None:
    """PostgreSQL ends when it can't write its log; where it runs on, there is nothing to start."""
    assert ground.disk is not None
    (ground.disk / BALLAST).unlink()
    ground.stack.start_database()


@contextmanager
def _vanishes(ground: Ground, seconds: float) -> Iterator[None]:
    """A second worker has its share of the partitions, and its host vanishes; later it comes back, finds itself replaced, and ends."""
    assert ground.far is not None
    ground.far.start()
    time.sleep(SHARED_AFTER)
    ground.far.host.vanish()
    try:
        time.sleep(max(seconds, SILENT))
        yield
    finally:
        ground.far.host.come_back()
        _stop(ground, ground.far.worker)


def _nothing(ground: Ground) -> None:
    """It heals by itself."""


FAULTS: Final[Mapping[str, Fault]] = {
    "the heart is killed": _killed(lambda ground: ground.stack.workers["thresholds"]),
    "poison on three topics": _lasting(_poison, _nothing),
    "the notifier's worker gets TERM": _terminated(lambda ground: ground.stack.workers["notifier"]),
    "the heart is frozen": _frozen(lambda ground: ground.stack.workers["thresholds"]),
    "the receiver answers 500": _lasting(_temper("fails"), _temper("well")),
    "the mail server puts letters off": _lasting(_mail({"code": 451, "times": 5}), _nothing),
    "the door is killed": _killed(lambda ground: ground.stack.apis["ingest"]),
    "the database is killed and started": _lasting(_restart_database, _nothing),
    "the Ministry answers 503": _lasting(lambda ground: ground.stack.faults({"status": 503, "times": 3}), _nothing),
    "the broker restarts": _lasting(lambda ground: ground.stack.stop_bus(), lambda ground: ground.stack.start_bus()),
    "the receiver hangs": _lasting(_temper("hangs"), _temper("well")),
    "the workers' clock is an hour ahead": _lasting(_step(timedelta(hours=1)), _step(timedelta(0))),
    "the way to the database swallows all": _lasting(
        lambda ground: ground.database.swallow(), lambda ground: ground.database.let_through()
    ),
    "the way to the broker swallows all": _lasting(lambda ground: ground.broker.swallow(), lambda ground: ground.broker.let_through()),
    "every link is slow and loses packets": _lasting(_on(_every, Link(delay=0.02, lost=0.05)), _on(_every, Link())),
    "links reset connections": _lasting(_on(_every, Link(reset=0.02)), _on(_every, Link())),
    FULL_DISK: _lasting(_fill_disk, _free_disk),
    VANISHED_HOST: _vanishes,
    "the database takes no writes": _lasting(_read_only("on"), _read_only("off")),
    "the upload's worker is killed": _killed(lambda ground: ground.stack.workers["moe-sync"]),
    "the workers' clock is an hour behind": _lasting(_step(timedelta(hours=-1)), _step(timedelta(0))),
    "the door's worker gets TERM": _terminated(lambda ground: ground.stack.workers["ingest"]),
}
"""In the order in which they come; a short run has the first ones."""


def possible(ground: Ground, names: Iterable[str]) -> list[str]:
    """Those of the faults that this machine can have."""
    lacking = {FULL_DISK} if ground.disk is None else set()
    if ground.far is None:
        lacking.add(VANISHED_HOST)
    return [name for name in names if name not in lacking]
