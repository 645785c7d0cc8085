"""Runs a process's loops side by side: the first to end ends them all, and a signal asks them to."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

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


def stop_on_signals(stop: asyncio.Event) -> None:
    """Sets `stop` at SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
