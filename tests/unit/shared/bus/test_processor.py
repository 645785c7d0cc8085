"""The processor: nothing is skipped, whatever happens between fetch and commit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.bus import processor as module
from shared.bus.interface import BusUnavailableError, Headers, Message, Partition
from shared.bus.processor import BatchRefusedError, Processor
from shared.telemetry import metrics
from tests.unit.shared.bus.fake_consumer import FakeConsumer

A, B, C = Partition("t", 0), Partition("t", 1), Partition("u", 0)
Answer = Mapping[Partition, int] | Exception


class Recorder:
    """A handler that notes what it is given, and answers what it was told to: by default, that nothing has to wait."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.batches: list[list[bytes | None]] = []
        self.handled: list[Message] = []

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        self.batches.append([message.value for message in messages])
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        self.handled.extend(message for message in messages if message.offset < answer.get(message.source, message.offset + 1))
        return answer


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_BACKOFF", "LONGEST_BACKOFF"):
        monkeypatch.setattr(module, name, 0.001)


@pytest.fixture
def consumer() -> FakeConsumer:
    return FakeConsumer()


async def once(consumer: FakeConsumer, handler: Callable[[Sequence[Message]], Awaitable[Mapping[Partition, int]]]) -> int:
    return await Processor("group", consumer, handler).run_once(asyncio.Event())


async def test_a_batch_is_handled_and_committed(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    consumer.put(C, b"3")
    handler = Recorder()

    assert await once(consumer, handler) == 3

    assert handler.batches == [[b"1", b"2", b"3"]]
    assert consumer.committed == {A: 2, C: 1}
    assert await once(consumer, handler) == 0


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), BatchRefusedError("a flood"), BusUnavailableError("away")])
async def test_the_same_batch_is_given_again_until_it_works(consumer: FakeConsumer, error: Exception) -> None:
    consumer.put(A, b"1", b"2")
    handler = Recorder(error, error, error)

    assert await once(consumer, handler) == 2

    assert handler.batches == [[b"1", b"2"]] * 4
    assert consumer.committed == {A: 2}


async def test_an_error_that_does_not_pass_ends_the_process_with_nothing_committed(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1")
    with pytest.raises(ZeroDivisionError):
        await once(consumer, Recorder(ZeroDivisionError()))
    assert consumer.committed == {}


async def test_batches_are_split_by_bytes_and_keep_their_order(consumer: FakeConsumer) -> None:
    large = b"x" * 400_000
    consumer.put(A, large, large, b"3", large, b"y" * 3_000_000, b"6")
    handler = Recorder()

    assert await once(consumer, handler) == 6

    assert [[len(value or b"") for value in batch] for batch in handler.batches] == [[400_000, 400_000, 1], [400_000], [3_000_000], [1]]
    assert consumer.committed == {A: 6}


async def test_what_has_to_wait_is_left_and_the_rest_goes_on(consumer: FakeConsumer) -> None:
    consumer.put(A, b"a0", b"a1", b"a2")
    consumer.put(B, b"b0", b"b1")
    handler = Recorder({A: 1})
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
    handler = Recorder({A: 0}, {A: 1})
    processor = Processor("group", consumer, handler)
    assert await processor.run_once(asyncio.Event()) == 0
    assert consumer.committed == {A: 0}

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
    handler = Recorder({A: 0})

    assert await once(consumer, handler) == 1

    assert [[(value or b"")[:2] for value in batch] for batch in handler.batches] == [[b"xx"], [b"b0"]]
    assert consumer.committed == {A: 0, B: 1}
    assert consumer.positions[A] == 0


async def test_a_commit_that_fails_makes_nobody_skip_what_was_fetched_with_it(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, b"1" + large, b"2" + large)
    consumer.put(B, b"3" + large)
    consumer.commit_away = 1
    handler = Recorder()
    processor = Processor("group", consumer, handler)

    with pytest.raises(BusUnavailableError):
        await processor.run_once(asyncio.Event())
    assert consumer.committed == {}
    await processor.run_once(asyncio.Event())

    assert [(batch[0] or b"")[:1] for batch in handler.batches] == [b"1", b"1", b"2", b"3"]
    assert consumer.committed == {A: 2, B: 1}


async def test_a_commit_that_fails_keeps_waiting_partitions_where_they_wait(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, b"a0" + large, b"a1" + large)
    consumer.put(B, b"b0" + large)
    handler = Recorder({A: 0})
    processor = Processor("group", consumer, handler)
    commits = 0
    commit = consumer.commit

    async def second_fails(offsets: Mapping[Partition, int]) -> None:
        nonlocal commits
        commits += 1
        if commits == 2:
            raise BusUnavailableError("away")
        await commit(offsets)

    consumer.commit = second_fails  # type: ignore[method-assign]
    with pytest.raises(BusUnavailableError):
        await processor.run_once(asyncio.Event())

    assert consumer.positions == {A: 0, B: 0}


async def test_stopped_while_something_is_away_it_gives_everything_back(consumer: FakeConsumer) -> None:
    large = b"x" * 900_000
    consumer.put(A, b"1" + large, b"2")
    consumer.put(B, b"3" + large)
    stop = asyncio.Event()

    async def away(_: Sequence[Message]) -> Mapping[Partition, int]:
        stop.set()
        raise ConnectionRefusedError

    assert await Processor("group", consumer, away).run_once(stop) == 0

    assert consumer.committed == {}
    assert consumer.positions == {A: 0, B: 0}


async def test_it_runs_until_stopped_through_outages_of_the_bus(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", b"2")
    consumer.fetch_away, consumer.commit_away = 3, 2
    stop = asyncio.Event()
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    handler = Recorder()
    running = asyncio.create_task(Processor("group", consumer, handler, beat).run(stop))
    async with asyncio.timeout(30):
        while consumer.committed != {A: 2}:
            await asyncio.sleep(0)
    stop.set()
    await running

    assert handler.batches == [[b"1", b"2"]] * 3
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
    await Processor("aged", consumer, Recorder(), clock=lambda: NOW).run_once(asyncio.Event())
    assert ages("aged") == (1, 7 * 60)


async def test_events_that_wait_and_messages_without_a_time_have_no_age(consumer: FakeConsumer) -> None:
    consumer.put(A, b"1", headers=said(minutes=5))
    consumer.put(B, b"2", headers=(("ce_time", b"yesterday"),))
    consumer.put(C, b"3")
    await Processor("ageless", consumer, Recorder({A: 0}), clock=lambda: NOW).run_once(asyncio.Event())
    assert ages("ageless") == (0, 0)
