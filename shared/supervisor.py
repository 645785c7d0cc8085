"""Runs a process's loops side by side: the first to end ends them all, and a signal asks them to."""

import asyncio
import faulthandler
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

STOP_TIMEOUT: Final = 30.0
"""Seconds for all loops to drain; less than what supervisors of processes wait before they kill."""

Loop = Callable[[asyncio.Event], Awaitable[None]]


async def supervise(loops: Mapping[str, Loop], stop: asyncio.Event) -> None:
    """Runs the loops until `stop` is set or one of them ends, then stops the rest in order.

    Raises the error of the loop that died, so that the process ends and is restarted.
    """
    tasks = {asyncio.ensure_future(run(stop)): name for name, run in loops.items()}
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            for task, name in tasks.items():
                if task.done():
                    log.error("loop.ended", loop=name, error=type(task.exception()).__name__)
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=STOP_TIMEOUT)
        for task in late:
            log.error("loop.late", loop=tasks[task])
    finally:
        # Also when this is cancelled from outside: the loops must know that it is over.
        stop.set()
        stopping.cancel()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


MOST_FAILURES: Final = 5
WITHIN: Final = timedelta(minutes=10)
"""Failures of one loop after which its fault is taken for a lasting one, and the process ends."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0


def restarting(name: str, loop: Loop) -> Loop:
    """The loop, started again when it fails, so that in a process of many parts the others serve on.

    The loop must build what it needs each time it is called. When it has failed more than MOST_FAILURES times WITHIN so long, its last
    error is raised: whoever runs the process decides then.
    """

    metrics.LOOP_RESTARTS.labels(name)

    async def run(stop: asyncio.Event) -> None:
        failures: deque[float] = deque(maxlen=MOST_FAILURES)
        while True:
            try:
                return await _once(loop, stop)
            except Exception as error:
                now = time.monotonic()
                lasting = len(failures) == MOST_FAILURES and now - failures[0] < WITHIN.total_seconds()
                if lasting or stop.is_set():
                    raise
                failures.append(now)
                lately = sum(now - at < WITHIN.total_seconds() for at in failures)
                log.exception("loop.failed", loop=name, error=type(error).__name__, failures=lately)
                metrics.LOOP_RESTARTS.labels(name).inc()
                await wait_until_set(stop, min(FIRST_PAUSE * 2 ** (lately - 1), LONGEST_PAUSE))
                if stop.is_set():
                    return None

    return run


async def _once(loop: Loop, stop: asyncio.Event) -> None:
    """Runs the loop on an event of its own: a part that stops all its loops as one of them dies must not stop the process."""
    own = asyncio.Event()

    async def pass_on() -> None:
        await stop.wait()
        own.set()

    passing_on = asyncio.create_task(pass_on())
    try:
        await loop(own)
    finally:
        passing_on.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Sets `stop` at SIGTERM and SIGINT. SIGABRT, by which systemd ends a process that hangs, prints where each thread stands."""
    with suppress(ValueError, OSError):
        # A standard error that is no file has no place for it.
        faulthandler.enable()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
