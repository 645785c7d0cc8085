"""Loops side by side: the first to end ends them all, and its error is the process's."""

import asyncio
import os
import signal

import pytest

from shared import supervisor
from shared.supervisor import stop_on_signals, supervise


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
