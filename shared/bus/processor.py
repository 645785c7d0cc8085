"""The loop that feeds a handler: fetch, handle, commit. A state machine whose one step, `run_once`, tests can call."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog

from shared.bus.interface import BusUnavailableError, Consumer, Message, Partition
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

FETCH_WAIT: Final = timedelta(milliseconds=500)
MOST_MESSAGES: Final = 500
MOST_BYTES: Final = 1_000_000
"""Of one batch and so of one transaction: some 8,000 marks, where larger ones stop getting faster."""

FIRST_BACKOFF: Final = 0.2
LONGEST_BACKOFF: Final = 15.0
"""Seconds between tries while something is away: short enough that nobody waits for us when it is back."""

HELD_PAUSE: Final = timedelta(milliseconds=300)
"""How long a partition rests before a message that waits for something is tried again."""


class BatchRefusedError(Exception):
    """The handler will not take the batch now, and a person has to look: a flood of bad records, say. It is tried again later."""


class Handler(Protocol):
    """Applies one batch in one transaction."""

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Handles the messages, and answers which partitions have to wait, with the offset to read again from.

        Errors that pass by themselves (see `is_transient`) and BatchRefusedError leave everything as it was; the same batch is
        given again. Any other error ends the process, which is restarted by whoever runs it.
        """


@dataclass
class Processor:
    """Feeds one handler from one consumer."""

    group: str
    consumer: Consumer
    handler: Handler
    beat: Callable[[], None] = lambda: None
    clock: Clock = utc_now
    _held_until: dict[Partition, float] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Goes round until `stop` is set, then leaves the group."""
        await self.consumer.start()
        try:
            backoff = FIRST_BACKOFF
            while not stop.is_set():
                self.beat()
                try:
                    await self.run_once(stop)
                    backoff = FIRST_BACKOFF
                except BusUnavailableError as error:
                    log.warning("bus.unavailable", group=self.group, error=str(error))
                    await _sleep(stop, backoff)
                    backoff = min(backoff * 2, LONGEST_BACKOFF)
        finally:
            await self.consumer.stop()

    async def run_once(self, stop: asyncio.Event) -> int:
        """One round: answers how many messages were done with."""
        self._resume_rested()
        left = list(_split(await self.consumer.fetch(most=MOST_MESSAGES, wait=FETCH_WAIT)))
        done = 0
        waiting: set[Partition] = set()
        while left:
            batch = [message for message in left[0] if message.source not in waiting]
            try:
                held = await self._handle(batch, stop) if batch else {}
                if held is None:
                    self._give_back(left, waiting)
                    break
                await self._commit(batch, held)
            except BusUnavailableError:
                # The consumer has passed all of these: whoever commits after them would say that they were done with.
                self._give_back(left, waiting)
                raise
            waiting.update(held)
            done += self._count(batch, held)
            left.pop(0)
        return done

    async def _commit(self, batch: Sequence[Message], held: Mapping[Partition, int]) -> None:
        if held:
            self._hold(held)
        await self.consumer.commit({message.source: message.offset + 1 for message in batch} | dict(held))

    def _count(self, batch: Sequence[Message], held: Mapping[Partition, int]) -> int:
        done = [message for message in batch if message.offset < held.get(message.source, message.offset + 1)]
        for message in done:
            metrics.MESSAGES.labels(self.group, message.topic).inc()
        return len(done)

    def _give_back(self, batches: Sequence[Sequence[Message]], waiting: Collection[Partition]) -> None:
        """Rewinds to the first of these messages, but for the partitions that have been rewound to what waits in them."""
        messages = [message for batch in batches for message in batch if message.source not in waiting]
        self.consumer.rewind({message.source: message.offset for message in reversed(messages)})

    async def _handle(self, messages: Sequence[Message], stop: asyncio.Event) -> Mapping[Partition, int] | None:
        """The handler's answer; None when stopped while something was away."""
        backoff = FIRST_BACKOFF
        while True:
            self.beat()
            try:
                with metrics.BATCH_SECONDS.labels(self.group).time():
                    return await self.handler(messages)
            except BatchRefusedError as error:
                log.error("batch.refused", group=self.group, reason=str(error))
                backoff = LONGEST_BACKOFF
            except Exception as error:
                if not (is_transient(error) or isinstance(error, BusUnavailableError)):
                    log.exception("batch.failed", group=self.group, first=_place(messages[0]), last=_place(messages[-1]))
                    raise
                log.warning("batch.retried", group=self.group, error=type(error).__name__, after=backoff)
            metrics.BATCH_RETRIES.labels(self.group).inc()
            await _sleep(stop, backoff)
            if stop.is_set():
                return None
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    def _hold(self, held: Mapping[Partition, int]) -> None:
        self.consumer.rewind(held)
        self.consumer.pause(held)
        until = asyncio.get_running_loop().time() + HELD_PAUSE.total_seconds()
        self._held_until.update(dict.fromkeys(held, until))
        metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._held_until))

    def _resume_rested(self) -> None:
        now = asyncio.get_running_loop().time()
        rested = [partition for partition, until in self._held_until.items() if until <= now]
        if rested:
            self.consumer.resume(rested)
            for partition in rested:
                del self._held_until[partition]
            metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._held_until))


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


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    await wait_until_set(stop, seconds)
