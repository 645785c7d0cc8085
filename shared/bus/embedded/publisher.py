"""Appends to the logs; messages that arrive while a transaction is under way share the next one."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from zlib import crc32

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.embedded import repository
from shared.bus.interface import BusUnavailableError, Outgoing
from shared.db.errors import is_transient


class EmbeddedPublisher:
    """A publisher with one writer task, so that single posts under load cost a fraction of a commit each."""

    def __init__(self, engine: AsyncEngine, timeout: timedelta) -> None:
        self._engine = engine
        self._timeout = timeout.total_seconds()
        self._waiting: list[tuple[Sequence[Outgoing], asyncio.Future[None]]] = []
        self._work = asyncio.Event()
        self._stopping = False
        self._writer: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Starts the writer."""
        self._writer = asyncio.create_task(self._write_until_stopped(), name="embedded-bus-writer")

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Returns when the transaction that holds the messages has committed."""
        if not messages:
            return
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

    async def _write_until_stopped(self) -> None:
        while not (self._stopping and not self._waiting):
            await self._work.wait()
            self._work.clear()
            batch, self._waiting = self._waiting, []
            if not batch:
                continue
            try:
                await self._append([message for messages, _ in batch for message in messages])
            except Exception as error:
                cause = BusUnavailableError("the database is away") if is_transient(error) else error
                for _, done in batch:
                    if not done.done():
                        done.set_exception(cause)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    async def _append(self, messages: Sequence[Outgoing]) -> None:
        async with self._engine.begin() as connection:
            if any(message.topic not in self._partitions for message in messages):
                self._partitions = await repository.partition_counts(connection)
            placed = []
            for message in messages:
                count = self._partitions.get(message.topic)
                if count is None:
                    raise BusUnavailableError(f"the topic {message.topic} does not exist")
                placed.append((crc32(message.key) % count, message))
            await repository.append(connection, placed)
