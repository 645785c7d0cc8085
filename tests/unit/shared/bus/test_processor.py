"""The processor: nothing is skipped, whatever happens between fetch and commit."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.bus import processor as module
from shared.bus.interface import BusUnavailableError, Headers, Message, Partition
from shared.bus.processor import BatchRefusedError, Edge, Processor
from shared.offsets.ledger import PartitionLostError
from shared.telemetry import metrics
from tests.unit.shared.bus.fake_consumer import FakeConsumer

A, B, C = Partition("t", 0), Partition("t", 1), Partition("u", 0)
Answer = Mapping[Partition, int] | Exception


@dataclass
class Recorder:
    """An edge that notes what it is given, and answers what it was told to: by default, that nothing has to wait. `bad` values fail."""

    consumer: FakeConsumer
    answers: list[Answer] = field(default_factory=list)
    bad: dict[bytes | None, Exception] = field(default_factory=dict)
    batches: list[list[bytes | None]] = field(default_factory=list)
    aside: list[tuple[bytes | None, str]] = field(default_factory=list)

    async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        self.batches.append([message.value for message in messages])
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        for message in messages:
            if message.value in self.bad:
                raise self.bad[message.value]
        self.consumer.kept |= {message.source: message.offset + 1 for message in messages} | dict(answer)
        return answer

    async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
        self.aside.append((message.value, type(error).__name__))
        self.consumer.kept[message.source] = message.offset + 1
        return {}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_BACKOFF", "LONGEST_BACKOFF"):
        monkeypatch.setattr(module, name, 0.001)
    monkeypatch.setattr(module, "COMMIT_EVERY", 0.0)


@pytest.fixture
def consumer() -> FakeConsumer:
    return FakeConsumer()


async def once(consumer: FakeConsumer, edge: Edge) -> int:
    return await Processor("group", consumer, edge).run_once(asyncio.Event())


async def test_a_batch_is_handled_and_committed(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    consumer.put(C, b"3")
    handler = Recorder(consumer)

    assert await once(consumer, handler) == 3

    assert handler.batches == [[b"1", b"2", b"3"]]
    assert consumer.committed == {A: 2, C: 1}
    assert await once(consumer, handler) == 0


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), BatchRefusedError("a flood"), BusUnavailableError("away")])
async def test_the_same_batch_is_given_again_until_it_works(consumer: FakeConsumer, error: Exception) -> None:
    consumer.put(A, b"1", b"2")
    handler = Recorder(consumer, [error, error, error])

    assert await once(consumer, handler) == 2

    assert handler.batches == [[b"1", b"2"]] * 4
    assert consumer.committed == {A: 2}


async def test_a_set_up_that_is_wrong_ends_the_process_with_nothing_committed(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    handler = Recorder(consumer, [asyncpg.UndefinedTableError()])
    with pytest.raises(asyncpg.UndefinedTableError):
        await once(consumer, handler)
    assert consumer.committed == {}
    assert handler.aside == []
    assert not consumer.placed


async def test_a_record_that_fails_as_no_rule_foresees_is_searched_for_and_set_aside(consumer: FakeConsumer) -> None:
    consumer.put(A, *(b"a%d" % number for number in range(7)))
    consumer.put(B, b"b0", b"b1")
    handler = Recorder(consumer, bad={b"a2": ZeroDivisionError("data"), b"b1": ValueError("data")})

    assert await once(consumer, handler) == 9

    assert handler.aside == [(b"a2", "ZeroDivisionError"), (b"b1", "ValueError")]
    applied = [value for batch in handler.batches for value in batch if not {b"a2", b"b1"} & set(batch)]
    assert applied == [b"a0", b"a1", b"a3", b"a4", b"a5", b"a6", b"b0"]
    assert consumer.committed == {A: 7, B: 2}


async def test_a_record_that_can_not_even_be_set_aside_ends_the_process(consumer: FakeConsumer) -> None:
    class Full(Recorder):
        async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
            raise KeyError("no place for it")

    consumer.put(A, b"1", b"bad")
    with pytest.raises(KeyError):
        await once(consumer, Full(consumer, bad={b"bad": ZeroDivisionError()}))
    assert consumer.committed == {}


async def test_one_bad_record_of_five_hundred_costs_a_few_tries(consumer: FakeConsumer) -> None:
    consumer.put(A, *(b"%d" % number for number in range(500)))
    handler = Recorder(consumer, bad={b"123": KeyError("data")})

    assert await once(consumer, handler) == 500

    assert handler.aside == [(b"123", "KeyError")]
    assert len(handler.batches) < 2 * 10


async def test_what_waits_stays_where_it_is_while_a_bad_record_is_searched_for(consumer: FakeConsumer) -> None:
    consumer.put(A, b"a0", b"a1", b"a2", b"a3")
    consumer.put(B, b"b0")
    handler = Recorder(consumer, [KeyError("first"), {A: 1}], bad={b"b0": KeyError("b")})

    assert await once(consumer, handler) == 2

    assert handler.aside == [(b"b0", "KeyError")]
    assert consumer.kept == {A: 1, B: 1}
    assert consumer.positions[A] == 1
    assert consumer.paused == {A}


async def test_a_batch_whose_partitions_were_read_on_elsewhere_is_discarded(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    handler = Recorder(consumer, [PartitionLostError("group")])
    processor = Processor("group", consumer, handler)
    with pytest.raises(PartitionLostError):
        await processor.run_once(asyncio.Event())
    assert consumer.committed == {}

    consumer.kept[A] = 1
    assert await processor.run_once(asyncio.Event()) == 1
    assert handler.batches == [[b"1", b"2"], [b"2"]]


async def test_it_looks_from_time_to_time_where_to_read_on(consumer: FakeConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    consumer.put(A, b"1", b"2", b"3")
    handler = Recorder(consumer)
    processor = Processor("group", consumer, handler)
    assert await processor.run_once(asyncio.Event()) == 3

    # The database was restored to an earlier moment.
    consumer.kept[A] = 1
    assert await processor.run_once(asyncio.Event()) == 2
    assert handler.batches == [[b"1", b"2", b"3"], [b"2", b"3"]]


async def test_batches_are_split_by_bytes_and_keep_their_order(consumer: FakeConsumer) -> None:
    large = b"x" * 400_000
    consumer.put(A, large, large, b"3", large, b"y" * 3_000_000, b"6")
    handler = Recorder(consumer)

    assert await once(consumer, handler) == 6

    assert [[len(value or b"") for value in batch] for batch in handler.batches] == [[400_000, 400_000, 1], [400_000], [3_000_000], [1]]
    assert consumer.committed == {A: 6}


async def test_what_has_to_wait_is_left_and_the_rest_goes_on(consumer: FakeConsumer) -> None:
    consumer.put(A, b"a0", b"a1", b"a2")
    consumer.put(B, b"b0", b"b1")
    handler = Recorder(consumer, [{A: 1}])
    processor = Processor("group", consumer, handler)

    assert await processor.run_once(asyncio.Event()) == 3

    assert consumer.committed == {A: 1, B: 2}
    assert consumer.paused == {A}
    consumer.put(A, b"a3")
    consumer.put(B, b"b2")
    assert await processor.run_once(asyncio.Event()) == 1
    assert handler.batches[-1] == [b"b2"]


async def test_what_had_to_wait_is_tried_again_after_its_rest(consumer: FakeConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", module.PAUSE * 0)
    consumer.put(A, b"a0", b"a1")
    handler = Recorder(consumer, [{A: 0}, {A: 1}])
    processor = Processor("group", consumer, handler)
    assert await processor.run_once(asyncio.Event()) == 0
    assert consumer.kept == {A: 0}

    assert await processor.run_once(asyncio.Event()) == 1
    assert consumer.committed == {A: 1}
    assert await processor.run_once(asyncio.Event()) == 1

    assert handler.batches == [[b"a0", b"a1"], [b"a0", b"a1"], [b"a1"]]
    assert consumer.committed == {A: 2}
    assert consumer.paused == set()


async def test_later_batches_of_a_waiting_partition_wait_too(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, large, b"a1" + large, b"a2" + large)
    consumer.put(B, b"b0")
    handler = Recorder(consumer, [{A: 0}])

    assert await once(consumer, handler) == 1

    assert [[(value or b"")[:2] for value in batch] for batch in handler.batches] == [[b"xx"], [b"b0"]]
    assert consumer.committed == {B: 1}
    assert consumer.kept == {A: 0, B: 1}
    assert consumer.positions[A] == 0


async def test_a_commit_that_fails_is_no_matter(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, b"1" + large, b"2" + large)
    consumer.put(B, b"3" + large)
    consumer.commit_away = 1
    handler = Recorder(consumer)
    processor = Processor("group", consumer, handler)

    assert await processor.run_once(asyncio.Event()) == 3
    assert consumer.committed == {}
    consumer.put(A, b"4")
    assert await processor.run_once(asyncio.Event()) == 1

    assert [(batch[0] or b"")[:1] for batch in handler.batches] == [b"1", b"2", b"3", b"4"]
    assert consumer.committed == {A: 3, B: 1}


async def test_stopped_while_something_is_away_it_gives_everything_back(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, b"1" + large, b"2")
    consumer.put(B, b"3" + large)
    stop = asyncio.Event()

    class Away(Recorder):
        async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
            stop.set()
            raise ConnectionRefusedError

    processor = Processor("group", consumer, Away(consumer))
    assert await processor.run_once(stop) == 0

    assert consumer.committed == {}
    consumer.fetch_away = 0
    assert len(await consumer.fetch(most=10, wait=timedelta())) == 3


async def test_it_runs_until_stopped_through_outages_of_the_bus(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    consumer.fetch_away, consumer.commit_away = 3, 2
    stop = asyncio.Event()
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    handler = Recorder(consumer)
    running = asyncio.create_task(Processor("group", consumer, handler, beat).run(stop))
    async with asyncio.timeout(30):
        for value in (b"3", b"4"):
            while consumer.kept.get(A) != len(consumer.logs[A]):
                await asyncio.sleep(0)
            assert consumer.committed == {}
            consumer.put(A, value)
        while consumer.committed != {A: 4}:
            await asyncio.sleep(0)
    stop.set()
    await running

    assert handler.batches == [[b"1", b"2"], [b"3"], [b"4"]]
    assert consumer.started
    assert consumer.stopped
    assert beats >= 6


NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)


def ages(group: str) -> tuple[float, float]:
    """How many ages were noted for a group, and their sum in seconds."""
    samples = {sample.name: sample.value for sample in metrics.EVENT_AGE_SECONDS.labels(group)._samples() if sample.name != "_bucket"}
    return samples["_count"], samples["_sum"]


def said(minutes: int) -> Headers:
    return (("ce_time", (NOW - timedelta(minutes=minutes)).isoformat().encode()),)


async def test_the_age_of_the_oldest_event_of_each_batch_is_noted(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", headers=said(minutes=5))
    consumer.put(B, b"2", headers=said(minutes=7))
    await Processor("aged", consumer, Recorder(consumer), clock=lambda: NOW).run_once(asyncio.Event())
    assert ages("aged") == (1, 7 * 60)


async def test_events_that_wait_and_messages_without_a_time_have_no_age(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", headers=said(minutes=5))
    consumer.put(B, b"2", headers=(("ce_time", b"yesterday"),))
    consumer.put(C, b"3")
    await Processor("ageless", consumer, Recorder(consumer, [{A: 0}]), clock=lambda: NOW).run_once(asyncio.Event())
    assert ages("ageless") == (0, 0)


async def test_commits_are_a_second_apart_and_the_last_one_comes_with_the_stop(
    consumer: FakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMIT_EVERY", 60.0)
    processor = Processor("group", consumer, Recorder(consumer))
    consumer.put(A, b"1")
    assert await processor.run_once(asyncio.Event()) == 1
    assert consumer.committed == {A: 1}
    consumer.put(A, b"2")
    consumer.put(B, b"3")
    assert await processor.run_once(asyncio.Event()) == 2
    assert consumer.committed == {A: 1}
    stop = asyncio.Event()
    stop.set()
    await processor.run(stop)
    assert consumer.committed == {A: 2, B: 1}
