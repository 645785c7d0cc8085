"""Rolls that the broker finds too large go in halves."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec import Raw, json

from services.ingest.marks.posting import post, roll_messages
from shared.bus.interface import MessageTooLargeError, Outgoing
from shared.events.data import MarksPosted
from shared.events.envelope import tombstone
from shared.events.topics import STUDENTS
from shared.identifiers import school_number

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
MARKS = [Raw(b"%d" % number) for number in range(1_000)]


class Broker:
    """Takes messages up to a size."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: list[Outgoing] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        refused = [message for message in messages if message.size > self.most]
        self.taken += [message for message in messages if message not in refused]
        if refused:
            raise MessageTooLargeError("too large", refused)

    def marks(self) -> list[int]:
        return [int(bytes(mark)) for message in self.taken for mark in json.decode(message.value or b"", type=MarksPosted).marks]


def rolls() -> list[Outgoing]:
    return list(roll_messages(school_number("0999"), "rest", NOW, MARKS, event_id=lambda place: f"event-{place}"))


@pytest.mark.parametrize(("most", "messages"), [(100_000, 2), (1_500, 4), (700, 15)])
async def test_every_mark_arrives_once(most: int, messages: int) -> None:
    broker = Broker(most)
    await post(broker, rolls())
    assert sorted(broker.marks()) == list(range(1_000))
    assert len(broker.taken) == messages
    assert len({dict(message.headers)["ce_id"] for message in broker.taken}) == messages


async def test_what_can_not_be_halved_is_refused() -> None:
    with pytest.raises(MessageTooLargeError):
        await post(Broker(10), rolls())
    with pytest.raises(MessageTooLargeError):
        await post(Broker(10), [tombstone(STUDENTS.name, "00000000-0000-0000-0000-000000000000")])
    await post(Broker(10), [])
