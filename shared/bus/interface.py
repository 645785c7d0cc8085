"""The bus, as the services see it: publish a batch, consume batches for a group, commit explicit offsets.

Two adapters stand behind it: `shared.bus.kafka` and `shared.bus.embedded`. One contract suite holds both to what is said here.
"""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from shared.bus.lag import GroupLag

Headers = tuple[tuple[str, bytes], ...]

MAX_MESSAGE_BYTES: Final = 950_000
"""Below Kafka's default of 1 MiB a request. Our largest event, a roll of 500 marks, is a tenth of it."""

NEW_PARTITIONS_WITHIN: Final = timedelta(seconds=30)
"""Partitions that a topic is given while we run are read within this time, with nothing restarted: what an adapter holds of the topics
is younger."""


class BusUnavailableError(Exception):
    """The bus did not take or give messages within its bound. Try again: what was sent may have arrived, so keep its ids."""


class BusRefusedError(BusUnavailableError):
    """The bus is there and does not let us in, or is not the one that we trust. The text says which setting a person has to correct."""


class MessageTooLargeError(ValueError):
    """A message is larger than the bus takes: trying again does not help, and what says so much has to be split.

    `refused` are the messages that the broker, whose own bound is lower than ours, has refused; all others of the call are kept. It is
    empty where nothing was sent.
    """

    def __init__(self, text: str, refused: "Sequence[Outgoing]" = ()) -> None:
        super().__init__(text)
        self.refused = refused


class Partition(NamedTuple):
    """One ordered log of a topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. Messages with one key stay in order. `value` None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()

    @property
    def size(self) -> int:
        """How large it is, in bytes, before a client compresses it."""
        return len(self.key) + len(self.value or b"") + sum(len(name) + len(value) for name, value in self.headers)


def check_sizes(messages: Iterable[Outgoing]) -> None:
    """Raises MessageTooLargeError."""
    for message in messages:
        if message.size > MAX_MESSAGE_BYTES:
            raise MessageTooLargeError(f"a message of {message.size} bytes for {message.topic}: the bus takes {MAX_MESSAGE_BYTES}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def source(self) -> Partition:
        """The partition it was read from."""
        return Partition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Log:
    """A partition as the bus has it now: messages from offset `oldest` on, up to `end`, which is the next one's.

    `topic_id` tells a topic from another that has its name since; None where the broker has no ids. `oldest_at` is when the oldest message
    was written, None where there is none or its time is not known.
    """

    topic_id: uuid.UUID | None
    oldest: int
    end: int
    oldest_at: datetime | None = None


def check_topics(wanted: Iterable[str], existing: Iterable[str]) -> None:
    """Raises BusUnavailableError where a topic is missing."""
    missing = set(wanted).difference(existing)
    if missing:
        raise BusUnavailableError(f"the topic {min(missing)} does not exist")


@dataclass(frozen=True, slots=True)
class Standing:
    """A group as the bus has it: the logs of its topics, and the offset to read next that the group has committed in some of them."""

    logs: Mapping[Partition, Log]
    committed: Mapping[Partition, int]


@dataclass(frozen=True, slots=True)
class TopicDifference:
    """A setting of a topic that exists that is another than ours, what that means, and how to alter it. `loses` data, if it stays."""

    topic: str
    setting: str
    found: str
    wanted: str
    meaning: str
    fix: str
    loses: bool

    def __str__(self) -> str:
        """In one line, as an operator reads it."""
        return f"{self.topic}: {self.setting} is {self.found}, and ours is {self.wanted}: {self.meaning}"


Committed = Callable[[], Awaitable[Mapping[Partition, int]]]
"""Asks the bus what the group has committed: the offset to read next, for each partition of its topics, other consumers' included."""

Positions = Callable[[Mapping[Partition, Log], Committed], Awaitable[Mapping[Partition, int]]]
"""Where a group reads on, for each of these partitions."""


async def committed_positions(logs: Mapping[Partition, Log], committed: Committed) -> dict[Partition, int]:
    """Positions of a group that keeps none of its own: what it has committed to the bus, else the oldest message."""
    kept = await committed()
    return {partition: max(kept.get(partition, 0), log.oldest) for partition, log in logs.items()}


class Publisher(Protocol):
    """Sends messages to the bus."""

    async def start(self) -> None:
        """Makes ready; does not wait for the bus to be there."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Returns once every message is kept by all replicas in step.

        Raises BusUnavailableError when that did not come true within the adapter's bound; then none, some or all may be kept.
        Raises MessageTooLargeError before any is sent, or, with the messages that it refused, when the broker takes less than we do.
        """

    async def stop(self) -> None:
        """Lets go of connections, within a bound."""


class Consumer(Protocol):
    """Reads messages for a group. Within a group, each partition is read by one consumer at a time.

    It reads on where the group's `Positions` say. They are asked when partitions are assigned, when an offset is not in its log, and after
    `relocate`.
    """

    async def start(self) -> None:
        """Makes ready; does not wait for the bus to be there."""

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        """Up to `most` messages, in order within each partition; empty after `wait` without any.

        While the bus can't be reached, raises BusUnavailableError or comes back empty; fetch again later. Raises what `Positions` raises.
        """

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Keeps, for each partition, the offset to read next, for a group without positions of its own, and for others to watch.

        A commit for a partition that has moved to another consumer is discarded: that one reads from the last commit.
        Raises BusUnavailableError when the bus can't be reached; then the messages may be read again.
        """

    def relocate(self) -> None:
        """Has the next fetch look up all positions anew, and read on from there."""

    def rewind(self, offsets: Mapping[Partition, int]) -> None:
        """Reads on from these offsets. Partitions that have moved to another consumer are passed over."""

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Stops fetching from these partitions until they are resumed."""

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetches from these partitions again."""

    async def stop(self) -> None:
        """Leaves the group and lets go of connections, within a bound."""


class Bus(Protocol):
    """Makes publishers and consumers."""

    async def ensure_topics(self) -> None:
        """Creates the topics of the catalogue that are not there yet. Raises BusUnavailableError."""

    def publisher(self) -> Publisher:
        """A new publisher, not started."""

    def consumer(self, group: str, topics: Sequence[str], positions: Positions = committed_positions) -> Consumer:
        """A new consumer, not started. Without positions of its own, a new group starts with the oldest message."""

    async def missing_topics(self) -> list[str]:
        """The topics of the catalogue that are not there, in order. Raises BusUnavailableError."""

    async def topic_differences(self, read_partitions: Mapping[str, int]) -> list[TopicDifference]:
        """Where topics that exist have other settings than ours.

        `read_partitions` is how many of a topic's partitions our groups have read from. Raises BusUnavailableError.
        """

    async def lags(self) -> list[GroupLag]:
        """Every group that has committed, at every partition of its topics, in order. Raises BusUnavailableError."""

    async def standing(self, group: str, topics: Sequence[str]) -> Standing:
        """Answers as a consumer of the group would find it now. Raises BusUnavailableError, also for a missing topic."""

    async def ping(self) -> None:
        """Raises BusUnavailableError when the bus does not answer."""

    async def close(self) -> None:
        """Lets go of what publishers and consumers share."""
