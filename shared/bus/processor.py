"""The loop that feeds a handler: fetch, apply, commit. A state machine whose one step, `run_once`, tests can call.

A handler may find that a partition can't go on yet (a school's calendar has not come). It is *paused* then: rewound to the message that
waits, and not fetched from for a moment, while the other partitions go on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog

from shared.bus.interface import BusUnavailableError, Consumer, Message, Partition
from shared.bus.linger import Linger
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient, verdict_of
from shared.events.envelope import time_of, traceparent_of
from shared.offsets.ledger import PartitionLostError
from shared.telemetry import metrics
from shared.telemetry.tracing import span, traces
from shared.waiting import wait_until_set

log = structlog.get_logger()

FETCH_WAIT: Final = timedelta(milliseconds=500)
MOST_MESSAGES: Final = 500
MOST_BYTES: Final = 1_000_000
"""Bytes of one batch, and so of one transaction: some 8,000 marks, where larger ones stop getting faster."""

FIRST_BACKOFF: Final = 0.2
LONGEST_BACKOFF: Final = 15.0
"""Seconds between tries while something is away: short enough that nobody waits for us when it is back."""

PAUSE: Final = timedelta(milliseconds=300)
"""How long a partition is paused before its message is tried again."""

COMMIT_EVERY: Final = 1.0
"""Seconds between commits to the bus: whoever watches there looks no closer."""

LOOK_EVERY: Final = 15.0
"""Seconds between looks at where to read on: new partitions, other topics of the name, the offsets of a database that was restored."""


class BatchRefusedError(Exception):
    """The handler will not take the batch now, and a person has to look: a flood of bad records, say. It is tried again later."""


class Edge(Protocol):
    """Applies batches, each in one transaction; see `shared.bus.applying.Applier`."""

    async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the messages, and answers the partitions to pause, each with the offset to read again from.

        Errors that pass by themselves (see `is_transient`) and BatchRefusedError leave everything as it was; the same batch is given again.
        An error that says that the set-up is wrong ends the process, which is restarted by whoever runs it. After any other error, the
        batch is given again in halves.
        """

    async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
        """Keeps a message that `apply` alone fails on for no reason that is foreseen, and goes on after it."""


class _UnforeseenError(Exception):
    """Has the error that no rule foresees as its cause."""


@dataclass
class Processor:
    """Feeds one edge from one consumer."""

    group: str
    consumer: Consumer
    edge: Edge
    beat: Callable[[], None] = lambda: None
    clock: Clock = utc_now
    _paused_until: dict[Partition, float] = field(default_factory=dict)
    _look_at: float = 0.0
    _linger: Linger = field(default_factory=Linger)
    _uncommitted: dict[Partition, int] = field(default_factory=dict)
    _commit_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Goes round until `stop` is set, then leaves the group."""
        await self.consumer.start()
        try:
            backoff = FIRST_BACKOFF
            while not stop.is_set():
                self.beat()
                try:
                    await wait_until_set(stop, self._linger.wait(_now()))
                    await self.run_once(stop)
                    backoff = FIRST_BACKOFF
                except PartitionLostError:
                    log.warning("batch.discarded", group=self.group, reason="its partitions were read on elsewhere")
                    await wait_until_set(stop, FIRST_BACKOFF)
                except Exception as error:
                    if not _passes(error):
                        raise
                    log.warning("bus.unavailable", group=self.group, error=type(error).__name__)
                    await wait_until_set(stop, backoff)
                    backoff = min(backoff * 2, LONGEST_BACKOFF)
        finally:
            await self._commit()
            await self.consumer.stop()

    async def run_once(self, stop: asyncio.Event) -> int:
        """One round: answers how many messages were done with.

        1. Resumes the partitions that have been paused for long enough; every 15 seconds, looks up anew where to read on.
        2. Fetches, and splits what came into batches of bounded size.
        3. For each batch: applies it, until that works; pauses the partitions that the handler names. A batch that fails as no rule
           foresees is halved until the record is found, which is set aside.
        4. Fetches the messages that could not be applied again, from the offsets that the group keeps with its state.
        5. Commits what was done, for others to watch; every second at most.

        Raises PartitionLostError when another worker has gone on with a partition meanwhile: nothing of that batch is kept.
        """
        self._resume()
        self._look_again()
        fetched = await self.consumer.fetch(most=MOST_MESSAGES, wait=FETCH_WAIT)
        self._linger.begin(_now(), len(fetched), behind=len(fetched) >= MOST_MESSAGES)
        batches = deque(_split(fetched))
        paused: set[Partition] = set()
        count = 0
        try:
            while batches:
                # The rest of a partition that an earlier batch paused comes again with the message that waits: order is kept.
                batch = [message for message in batches.popleft() if message.source not in paused]
                if not batch:
                    continue
                try:
                    pauses = await self._apply(batch, stop)
                except _UnforeseenError:
                    batches.extendleft((batch[len(batch) // 2 :], batch[: len(batch) // 2]))
                    continue
                if pauses is None:
                    self.consumer.relocate()
                    break
                self._pause(pauses)
                paused.update(pauses)
                applied = [message for message in batch if message.offset < pauses.get(message.source, message.offset + 1)]
                self._note_done(applied)
                self._uncommitted |= {message.source: message.offset + 1 for message in applied}
                count += len(applied)
        except BaseException:
            # The consumer stands behind all of these.
            self.consumer.relocate()
            raise
        if _now() >= self._commit_at:
            await self._commit()
        return count

    async def _apply(self, batch: Sequence[Message], stop: asyncio.Event) -> Mapping[Partition, int] | None:
        """The partitions to pause; None when `stop` was set while something was away. Raises _UnforeseenError for a batch to halve."""
        try:
            with self._traced(batch):
                return await self._retried(lambda: self.edge.apply(batch), batch, stop)
        except _UnforeseenError as unforeseen:
            error = unforeseen.__cause__
            if len(batch) > 1 or error is None:
                log.warning("batch.halved", group=self.group, messages=len(batch), error=type(error).__name__)
                raise
        try:
            return await self._retried(lambda: self.edge.set_aside(batch[0], error), batch, stop)
        except _UnforeseenError as unforeseen:
            # There is nothing left to halve: a person has to look, and whoever runs the process starts it again.
            log.exception("batch.not_set_aside", group=self.group, message=_place(batch[0]))
            raise unforeseen.__cause__ or unforeseen from None

    def _traced(self, batch: Sequence[Message]) -> AbstractContextManager[object]:
        if not traces():
            return nullcontext()
        topics = ",".join(sorted({message.topic for message in batch}))
        return span(
            self.group.partition(".")[0],
            f"process {self.group}",
            "consumer",
            [traceparent_of(message) for message in batch],
            messaging_destination_name=topics,
            messaging_batch_message__count=len(batch),
        )

    async def _retried(
        self, work: Callable[[], Awaitable[Mapping[Partition, int]]], batch: Sequence[Message], stop: asyncio.Event
    ) -> Mapping[Partition, int] | None:
        backoff = FIRST_BACKOFF
        while True:
            self.beat()
            try:
                with metrics.BATCH_SECONDS.labels(self.group).time():
                    return await work()
            except PartitionLostError:
                raise
            except BatchRefusedError as error:
                log.error("batch.refused", group=self.group, reason=str(error))
                # Only a person can change this, so there is no hurry.
                backoff = LONGEST_BACKOFF
            except Exception as error:
                if verdict_of(error) == "set-up":
                    log.exception("batch.failed", group=self.group, first=_place(batch[0]), last=_place(batch[-1]))
                    raise
                if not _passes(error):
                    raise _UnforeseenError from error
                log.warning("batch.retried", group=self.group, error=type(error).__name__, after=backoff)
            metrics.BATCH_RETRIES.labels(self.group).inc()
            await wait_until_set(stop, backoff)
            if stop.is_set():
                return None
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _commit(self) -> None:
        """Tells the bus, for whoever watches how far behind the group is. Nothing depends on it."""
        if not self._uncommitted:
            return
        self._commit_at = _now() + COMMIT_EVERY
        try:
            await self.consumer.commit(self._uncommitted)
        except BusUnavailableError as error:
            log.info("bus.not_committed", group=self.group, error=str(error))
        else:
            self._uncommitted = {}

    def _note_done(self, done: Sequence[Message]) -> None:
        for message in done:
            metrics.MESSAGES.labels(self.group, message.topic).inc()
        times = [time for message in done if (time := time_of(message)) is not None]
        metrics.observe_age(self.group, times, self.clock())

    def _look_again(self) -> None:
        now = _now()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self.consumer.relocate()

    def _pause(self, pauses: Mapping[Partition, int]) -> None:
        if not pauses:
            return
        self.consumer.rewind(pauses)
        self.consumer.pause(pauses)
        until = _now() + PAUSE.total_seconds()
        self._paused_until.update(dict.fromkeys(pauses, until))
        metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._paused_until))

    def _resume(self) -> None:
        now = _now()
        due = [partition for partition, until in self._paused_until.items() if until <= now]
        if due:
            self.consumer.resume(due)
            for partition in due:
                del self._paused_until[partition]
            metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._paused_until))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _passes(error: BaseException) -> bool:
    return isinstance(error, BusUnavailableError) or is_transient(error)


def _split(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.value or b"")
        if batch and size + length > MOST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _place(message: Message) -> str:
    return f"{message.topic}/{message.partition}@{message.offset}"
