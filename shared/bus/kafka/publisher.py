"""Publishes to Kafka."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from shared.bus.interface import BusUnavailableError, Outgoing, check_sizes
from shared.bus.kafka.ending import METADATA_MAX_AGE, STOP_TIMEOUT, UNAVAILABLE, abandon, bounded, leave

REQUEST_TIMEOUT: Final = timedelta(seconds=10)
MAX_REQUEST_BYTES: Final = 1_000_000


class KafkaPublisher:
    """An idempotent producer with acks from all replicas in step, replaced after a failure.

    After a failed or timed-out send the sequence numbers of a producer can be out of step with the broker's, which it never mends by
    itself; a new producer starts a new sequence.
    """

    def __init__(self, bootstrap: str, timeout: timedelta) -> None:
        self._bootstrap = bootstrap
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
        producer: AIOKafkaProducer | None = None
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._started()
                for message in messages:
                    future = await producer.send(message.topic, value=message.value, key=message.key, headers=list(message.headers))
                    future.add_done_callback(_noticed)
                    sent.append(future)
                await asyncio.gather(*sent)
        except UNAVAILABLE as error:
            if producer is not None and producer is self._producer:
                self._producer = None
                self._end(abandon(producer))
            raise BusUnavailableError(type(error).__name__) from error

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
                        bootstrap_servers=self._bootstrap,
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

    def _end(self, ending: Coroutine[Any, Any, None]) -> None:
        # Beside the caller, whose bound has run out already.
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _noticed(future: asyncio.Future[Any]) -> None:
    """Keeps asyncio from complaining of an error that nobody waits for: the publish has failed by another one."""
    if not future.cancelled():
        future.exception()
