"""Appends to the logs; messages that arrive while a transaction is under way share the next one."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.embedded import repository
from shared.bus.interface import BusUnavailableError, Outgoing, check_sizes
from shared.bus.partitioning import partition_of
from shared.db.errors import is_transient

Waiting = tuple[Sequence[Outgoing], asyncio.Future[None]]


class EmbeddedPublisher:
    """A publisher with one writer task, so that single posts under load cost a fraction of a commit each."""

    def __init__(self, engine: AsyncEngine, timeout: timedelta) -> None:
        self._engine = engine
        self._timeout = timeout.total_seconds()
        self._waiting: list[Waiting] = []
        self._work = asyncio.Event()
        self._stopping = False
        self._writer: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Starts the writer."""
        if self._writer is not None:
            return
        self._writer = asyncio.create_task(self._write_until_stopped(), name="embedded-bus-writer")

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Returns when the transaction that holds the messages has committed."""
        if not messages:
            return
        check_sizes(messages)
        if self._writer is None or self._stopping:
            raise BusUnavailableError("the publisher is not running")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((messages, done))
        self._work.set()
        try:
            await asyncio.wait_for(done, self._timeout)
        except TimeoutError as error:
            raise BusUnavailableError("the bus did not take the messages in time") from error

    async def stop(self) -> None:
        """Writes what waits, within the publish timeout."""
        self._stopping = True
        self._work.set()
        if self._writer is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._writer, self._timeout)
            self._writer = None
        _tell(self._waiting, BusUnavailableError("the publisher was stopped"))

    async def _write_until_stopped(self) -> None:
        while not (self._stopping and not self._waiting):
            await self._work.wait()
            self._work.clear()
            # Whose publisher has given up is left out: sent late, it could overtake what was sent instead.
            batch, self._waiting = [entry for entry in self._waiting if not entry[1].done()], []
            if not batch:
                continue
            try:
                async with asyncio.timeout(self._timeout):
                    await self._append([message for messages, _ in batch for message in messages])
            except Exception as error:
                _tell(batch, BusUnavailableError("the database is away") if is_transient(error) else error)
            else:
                _tell(batch, None)

    async def _append(self, messages: Sequence[Outgoing]) -> None:
        async with self._engine.begin() as connection:
            if any(message.topic not in self._partitions for message in messages):
                self._partitions = await repository.partition_counts(connection)
            placed = []
            for message in messages:
                count = self._partitions.get(message.topic)
                if count is None:
                    raise BusUnavailableError(f"the topic {message.topic} does not exist")
                placed.append((partition_of("embedded", message.key, count), message))
            await repository.append(connection, placed)


def _tell(batch: Sequence[Waiting], error: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
