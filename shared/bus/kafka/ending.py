"""Waits with an end, and ends of clients that don't wait: aiokafka by itself does neither while a broker is gone."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from shared.bus.interface import BusUnavailableError

log = structlog.get_logger()

T = TypeVar("T")

STOP_TIMEOUT: Final = 5.0
"""Seconds that a client may take to leave; a broker that is gone is not waited for any longer."""

METADATA_MAX_AGE: Final = timedelta(seconds=10)
"""How long a client takes the cluster to be as it was. The group joins anew after it has noticed a new partition, which may wait for a
member that was killed: both together fit into `NEW_PARTITIONS_WITHIN`."""

UNAVAILABLE: Final = (KafkaError, OSError, TimeoutError)
"""The errors that aiokafka raises when the cluster did not do as asked."""


async def bounded(work: Awaitable[T], seconds: float) -> T:
    """The work's result. Raises BusUnavailableError when it fails or takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except UNAVAILABLE as error:
        raise BusUnavailableError(type(error).__name__) from error


async def leave(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stops a client in its own way: a producer sends what it holds, a consumer leaves its group.

    Where the broker does not answer, the connections are closed under it, so that what it waits for fails and the stop comes to its end.
    """
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait({stopping}, timeout=STOP_TIMEOUT)
    if not stopping.done():
        if isinstance(client, AIOKafkaProducer):
            await _cut(client)
        else:
            await _quietly(client._client.close())
        await asyncio.wait({stopping}, timeout=STOP_TIMEOUT)
        stopping.cancel()
    await _quietly(stopping)


async def abandon(producer: AIOKafkaProducer) -> None:
    """Ends a producer at once, with what it holds: sent late, that would overtake what its successor sends."""
    await _cut(producer)
    await _quietly(producer.stop())


async def _cut(producer: AIOKafkaProducer) -> None:
    # Left alone, the sender retries for ever: after a cancelled stop() too.
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    await _quietly(producer.client.close())
    producer._message_accumulator.fail_all(ProducerClosed())


async def _quietly(closing: Awaitable[Any]) -> None:
    task = asyncio.ensure_future(closing)
    await asyncio.wait({task}, timeout=STOP_TIMEOUT)
    if not task.done():
        task.cancel()
    elif not task.cancelled() and (error := task.exception()) is not None:
        log.info("bus.ended_badly", error=type(error).__name__)
