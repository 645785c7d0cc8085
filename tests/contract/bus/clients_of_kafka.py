"""A process with one client of each kind on a broker, whose log a test counts: a group's loop, a publisher, and whoever asks the cluster.

`python -m tests.contract.bus.clients_of_kafka BOOTSTRAP` writes `ready` once all have been answered, and then a line for each time that one
of them has tried in vain: `group`, `publisher` or `cluster`. It ends when its standard input does.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from shared.bus.interface import BusUnavailableError, Message, Outgoing, Partition, committed_positions
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.bus import KafkaBus
from shared.bus.kafka.consumer import KafkaConsumer
from shared.bus.processor import Processor
from shared.events.topics import MARKS
from shared.telemetry.logging import configure_logging

PAUSE = 0.5
"""Seconds between the tries of those whose callers decide when to try again."""


class Telling(KafkaConsumer):
    """A consumer that says when it has tried in vain."""

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        try:
            return await super().fetch(most=most, wait=wait)
        except BusUnavailableError:
            print("group", flush=True)
            raise


class Taking:
    """An edge that has nothing to do, and tells of its first message."""

    def __init__(self) -> None:
        self.took = asyncio.Event()

    async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        self.took.set()
        return {}

    async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
        raise error


async def main(bootstrap: str) -> None:
    """Runs until standard input ends."""
    access = KafkaAccess(bootstrap)
    bus = KafkaBus(access, partitions=1, publish_timeout=timedelta(seconds=2))
    await bus.ensure_topics()
    publisher, edge, stop = bus.publisher(), Taking(), asyncio.Event()
    await publisher.start()
    consumer = Telling(access, "contract.log", [MARKS.name], timedelta(seconds=2), committed_positions)
    group = asyncio.create_task(Processor("contract.log", consumer, edge).run(stop))

    async def again(name: str, work: Callable[[], Awaitable[object]]) -> None:
        while not stop.is_set():
            try:
                await work()
            except BusUnavailableError:
                print(name, flush=True)
            await asyncio.sleep(PAUSE)

    others = [
        asyncio.create_task(again("publisher", lambda: publisher.publish([Outgoing(MARKS.name, b"k", b"v")]))),
        asyncio.create_task(again("cluster", bus.ping)),
        asyncio.create_task(again("cluster", bus.lags)),
    ]
    await edge.took.wait()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    stop.set()
    await asyncio.gather(group, *others)
    await publisher.stop()
    await bus.close()


if __name__ == "__main__":
    configure_logging()
    asyncio.run(main(sys.argv[1]))
