"""Loops side by side: the first to end ends them all, and its error is the process's."""

import asyncio
import os
import signal

import pytest

from shared import supervisor
from shared.supervisor import restarting, stop_on_signals, supervise


async def until_stopped(stop: asyncio.Event) -> None:
    await stop.wait()


async def test_it_runs_until_stopped() -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(supervise({"a": until_stopped, "b": until_stopped}, stop))
    await asyncio.sleep(0.01)
    assert not running.done()
    stop.set()
    await running


async def test_a_loop_that_dies_stops_the_others_and_is_reported() -> None:
    drained = False

    async def drains(stop: asyncio.Event) -> None:
        nonlocal drained
        await stop.wait()
        await asyncio.sleep(0.01)
        drained = True

    async def dies(_: asyncio.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await supervise({"drains": drains, "dies": dies}, asyncio.Event())
    assert drained


async def test_a_loop_that_just_ends_stops_the_others() -> None:
    async def ends(_: asyncio.Event) -> None:
        pass

    stop = asyncio.Event()
    await supervise({"waits": until_stopped, "ends": ends}, stop)
    assert stop.is_set()


async def test_a_loop_that_does_not_stop_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT", 0.01)
    cancelled = False

    async def deaf(_: asyncio.Event) -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            cancelled = True
            raise

    stop = asyncio.Event()
    stop.set()
    await supervise({"deaf": deaf}, stop)
    assert cancelled


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    stop = asyncio.Event()
    before = signal.getsignal(number)
    stop_on_signals(stop)
    try:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(30):
            await stop.wait()
    finally:
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(number, before)


async def test_a_loop_that_fails_is_started_again_while_the_others_serve_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)
    started = 0
    stop = asyncio.Event()

    async def fails_twice(stop: asyncio.Event) -> None:
        nonlocal started
        started += 1
        if started < 3:
            raise ZeroDivisionError
        await stop.wait()

    running = asyncio.create_task(supervise({"a": restarting("a", fails_twice), "b": until_stopped}, stop))
    async with asyncio.timeout(5):
        while started < 3:
            await asyncio.sleep(0.001)
    assert not running.done()
    stop.set()
    await running


async def test_a_loop_that_goes_on_failing_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.0001)
    started = 0

    async def fails(_: asyncio.Event) -> None:
        nonlocal started
        started += 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await supervise({"a": restarting("a", fails)}, asyncio.Event())
    assert started == supervisor.MOST_FAILURES + 1


async def test_failures_of_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.0)
    now = 0.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    started = 0

    async def fails_seldom(_: asyncio.Event) -> None:
        nonlocal started, now
        started += 1
        now += 300
        if started <= 20:
            raise ZeroDivisionError

    await restarting("a", fails_seldom)(asyncio.Event())
    assert started == 21


async def test_a_loop_that_fails_while_it_is_stopped_is_not_started_again() -> None:
    started = 0

    async def fails_at_the_end(own: asyncio.Event) -> None:
        nonlocal started
        started += 1
        stop.set()
        await own.wait()
        raise ZeroDivisionError

    stop = asyncio.Event()
    with pytest.raises(ZeroDivisionError):
        await restarting("a", fails_at_the_end)(stop)
    assert started == 1


async def test_a_part_whose_loop_dies_stops_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)
    died = False

    async def dies_once(stop: asyncio.Event) -> None:
        nonlocal died
        if not died:
            died = True
            raise ZeroDivisionError
        await stop.wait()

    async def part(stop: asyncio.Event) -> None:
        await supervise({"dies": dies_once, "lives": until_stopped}, stop)

    stop = asyncio.Event()
    running = asyncio.create_task(supervise({"part": restarting("part", part), "other": until_stopped}, stop))
    await asyncio.sleep(0.05)
    assert died
    assert not stop.is_set()
    stop.set()
    await running
