"""Publishes to Kafka."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from shared.bus.interface import BusUnavailableError, MessageTooLargeError, Outgoing, check_sizes
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.ending import METADATA_MAX_AGE, STOP_TIMEOUT, UNAVAILABLE, abandon, bounded, leave

log = structlog.get_logger()

REQUEST_TIMEOUT: Final = timedelta(seconds=10)
MAX_REQUEST_BYTES: Final = 1_000_000

TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaPublisher:
    """An idempotent producer with acks from all replicas in step, replaced after a failure.

    After a failed or timed-out send the sequence numbers of a producer can be out of step with the broker's, which it never mends by
    itself; a new producer starts a new sequence.
    """

    def __init__(self, access: KafkaAccess, timeout: timedelta) -> None:
        self._access = access
        self._timeout = timeout.total_seconds()
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Tries to connect; a broker that is away is tried again by each publish."""
        with suppress(BusUnavailableError):
            await bounded(self._started(), self._timeout)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Sends the messages in one go and waits for all acks."""
        if not messages:
            return
        check_sizes(messages)
        refused = await self._send(messages)
        if not refused:
            return
        # A client's batch is refused as a whole: of it, and of all behind it, each message is sent on its own, in order.
        alone = messages[refused[0] :]
        too_large = alone if len(messages) == 1 else [message for message in alone if await self._send([message])]
        if too_large:
            raise _too_large(too_large)

    async def _send(self, messages: Sequence[Outgoing]) -> list[int]:
        """Sends the messages in one go; answers the places of those that were refused as too large. Raises BusUnavailableError."""
        producer: AIOKafkaProducer | None = None
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._started()
                for message in messages:
                    future = await producer.send(message.topic, value=message.value, key=message.key, headers=list(message.headers))
                    future.add_done_callback(_noticed)
                    sent.append(future)
                outcomes = await asyncio.gather(*sent, return_exceptions=True)
            refused = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, TOO_LARGE)]
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, TOO_LARGE):
                    raise outcome
        except UNAVAILABLE as error:
            self._replace(producer)
            raise BusUnavailableError(type(error).__name__) from error
        if refused:
            # They have used up numbers of the producer's sequence, without which the broker takes nothing more of it.
            self._replace(producer)
        return refused

    async def stop(self) -> None:
        """Flushes and leaves, within a bound."""
        producer, self._producer = self._producer, None
        if producer is not None:
            self._end(leave(producer))
        if self._ending:
            await asyncio.wait(self._ending, timeout=3 * STOP_TIMEOUT)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            async with self._starting:
                if self._producer is None:
                    producer = AIOKafkaProducer(
                        **self._access.options(),
                        acks="all",
                        enable_idempotence=True,
                        compression_type="lz4",
                        linger_ms=0,
                        max_request_size=MAX_REQUEST_BYTES,
                        metadata_max_age_ms=int(METADATA_MAX_AGE.total_seconds() * 1000),
                        request_timeout_ms=int(REQUEST_TIMEOUT.total_seconds() * 1000),
                    )
                    try:
                        await producer.start()
                    except BaseException:
                        self._end(abandon(producer))
                        raise
                    self._producer = producer
        return self._producer

    def _replace(self, producer: AIOKafkaProducer | None) -> None:
        if producer is not None and producer is self._producer:
            self._producer = None
            self._end(abandon(producer))

    def _end(self, ending: Coroutine[Any, Any, None]) -> None:
        # Beside the caller, whose bound has run out already.
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _too_large(refused: Sequence[Outgoing]) -> MessageTooLargeError:
    for message in refused:
        log.error("bus.message_too_large", topic=message.topic, size=message.size, fix="raise the topic's max.message.bytes")
    largest = max(refused, key=lambda message: message.size)
    return MessageTooLargeError(f"the broker refuses a message of {largest.size} bytes for {largest.topic} as too large", refused)


def _noticed(future: asyncio.Future[Any]) -> None:
    """Keeps asyncio from complaining of an error that nobody waits for: the publish has failed by another one."""
    if not future.cancelled():
        future.exception()
