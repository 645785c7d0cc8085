"""The loop that feeds a handler: fetch, handle, commit. A state machine whose one step, `run_once`, tests can call.

A handler may find that a partition can't go on yet (a school's calendar has not come). It is *paused* then: rewound to the message that
waits, and not fetched from for a moment, while the other partitions go on.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog

from shared.bus.interface import BusUnavailableError, Consumer, Message, Partition
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.events.envelope import time_of
from shared.telemetry import metrics
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


class BatchRefusedError(Exception):
    """The handler will not take the batch now, and a person has to look: a flood of bad records, say. It is tried again later."""


class Handler(Protocol):
    """Applies one batch in one transaction."""

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Handles the messages, and answers the partitions to pause, each with the offset to read again from.

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
    _paused_until: dict[Partition, float] = field(default_factory=dict)

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
                    await wait_until_set(stop, backoff)
                    backoff = min(backoff * 2, LONGEST_BACKOFF)
        finally:
            await self.consumer.stop()

    async def run_once(self, stop: asyncio.Event) -> int:
        """One round: answers how many messages were done with.

        1. Resumes the partitions that have been paused for long enough.
        2. Fetches, and splits what came into batches of bounded size.
        3. For each batch: handles it, until that works; pauses the partitions that the handler names; commits the offsets of the rest.
        4. Rewinds to the messages that could not be handled or committed, so that the next round fetches them again.
        """
        self._resume()
        batches = deque(_split(await self.consumer.fetch(most=MOST_MESSAGES, wait=FETCH_WAIT)))
        paused: set[Partition] = set()
        done = 0
        while batches:
            # The rest of a partition that an earlier batch paused comes again with the message that waits: order is kept.
            batch = [message for message in batches[0] if message.source not in paused]
            try:
                pauses = await self._handle(batch, stop) if batch else {}
                if pauses is None:
                    self._rewind(batches, paused)
                    break
                await self._commit(batch, pauses)
            except BusUnavailableError:
                # The consumer stands behind all of these: the next commit would count them as done.
                self._rewind(batches, paused)
                raise
            done += self._note_done(batch, pauses)
            paused.update(pauses)
            batches.popleft()
        return done

    async def _handle(self, messages: Sequence[Message], stop: asyncio.Event) -> Mapping[Partition, int] | None:
        """The handler's answer; None when `stop` was set while something was away."""
        backoff = FIRST_BACKOFF
        while True:
            self.beat()
            try:
                with metrics.BATCH_SECONDS.labels(self.group).time():
                    return await self.handler(messages)
            except BatchRefusedError as error:
                log.error("batch.refused", group=self.group, reason=str(error))
                # Only a person can change this, so there is no hurry.
                backoff = LONGEST_BACKOFF
            except Exception as error:
                if not (is_transient(error) or isinstance(error, BusUnavailableError)):
                    log.exception("batch.failed", group=self.group, first=_place(messages[0]), last=_place(messages[-1]))
                    raise
                log.warning("batch.retried", group=self.group, error=type(error).__name__, after=backoff)
            metrics.BATCH_RETRIES.labels(self.group).inc()
            await wait_until_set(stop, backoff)
            if stop.is_set():
                return None
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _commit(self, batch: Sequence[Message], pauses: Mapping[Partition, int]) -> None:
        # What waits is read again from its offset: in this process by the rewind, after a restart or by another worker by the commit.
        self._pause(pauses)
        await self.consumer.commit({message.source: message.offset + 1 for message in batch} | dict(pauses))

    def _note_done(self, batch: Sequence[Message], pauses: Mapping[Partition, int]) -> int:
        done = [message for message in batch if message.offset < pauses.get(message.source, message.offset + 1)]
        for message in done:
            metrics.MESSAGES.labels(self.group, message.topic).inc()
        times = [time for message in done if (time := time_of(message)) is not None]
        metrics.observe_age(self.group, times, self.clock())
        return len(done)

    def _rewind(self, batches: Iterable[Sequence[Message]], paused: Collection[Partition]) -> None:
        """Has these messages fetched again, but for those of paused partitions, which have been rewound to what waits in them."""
        messages = [message for batch in batches for message in batch if message.source not in paused]
        # Backwards, so that the first message of each partition is the one that stays.
        self.consumer.rewind({message.source: message.offset for message in reversed(messages)})

    def _pause(self, pauses: Mapping[Partition, int]) -> None:
        if not pauses:
            return
        self.consumer.rewind(pauses)
        self.consumer.pause(pauses)
        until = asyncio.get_running_loop().time() + PAUSE.total_seconds()
        self._paused_until.update(dict.fromkeys(pauses, until))
        metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._paused_until))

    def _resume(self) -> None:
        now = asyncio.get_running_loop().time()
        due = [partition for partition, until in self._paused_until.items() if until <= now]
        if due:
            self.consumer.resume(due)
            for partition in due:
                del self._paused_until[partition]
            metrics.PAUSED_PARTITIONS.labels(self.group).set(len(self._paused_until))


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
