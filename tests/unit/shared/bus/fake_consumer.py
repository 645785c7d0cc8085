"""A consumer whose messages a test puts in, with the positions, pauses and commits of a real one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.bus.interface import BusUnavailableError, Headers, Message, Partition


@dataclass
class FakeConsumer:
    """Partitions in memory. `away` counts the calls, from now on, that find no bus. `kept` is where the group's own offsets stand."""

    logs: dict[Partition, list[Message]] = field(default_factory=dict)
    positions: dict[Partition, int] = field(default_factory=dict)
    committed: dict[Partition, int] = field(default_factory=dict)
    kept: dict[Partition, int] = field(default_factory=dict)
    paused: set[Partition] = field(default_factory=set)
    fetch_away: int = 0
    commit_away: int = 0
    started: bool = False
    stopped: bool = False
    placed: bool = False

    def put(self, source: Partition, *values: bytes, headers: Headers = ()) -> None:
        """Appends to a partition."""
        log = self.logs.setdefault(source, [])
        self.positions.setdefault(source, 0)
        for value in values:
            log.append(Message(source.topic, source.number, len(log), b"k", value, headers))

    async def start(self) -> None:
        self.started = True

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        if self.fetch_away:
            self.fetch_away -= 1
            raise BusUnavailableError("away")
        if not self.placed:
            self.positions.update({partition: self.kept.get(partition, 0) for partition in self.logs})
            self.placed = True
        messages: list[Message] = []
        for source, log in self.logs.items():
            if source not in self.paused:
                messages.extend(log[self.positions[source] :])
        messages = messages[:most]
        await asyncio.sleep(0)
        for message in messages:
            self.positions[message.source] = message.offset + 1
        return messages

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        if self.commit_away:
            self.commit_away -= 1
            raise BusUnavailableError("away")
        self.committed.update(offsets)

    def relocate(self) -> None:
        self.placed = False

    def rewind(self, offsets: Mapping[Partition, int]) -> None:
        self.positions.update(offsets)

    def pause(self, partitions: Iterable[Partition]) -> None:
        self.paused.update(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        self.paused.difference_update(partitions)

    async def stop(self) -> None:
        self.stopped = True
