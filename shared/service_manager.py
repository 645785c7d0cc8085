"""The notices that systemd takes from a process: it serves, it goes forward, it ends. Elsewhere nothing is sent.

The protocol is sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names. The libraries for it were left years ago, or bind a C
library, for what are these lines.
"""

import asyncio
import os
import socket
from typing import Final

import structlog

from shared.telemetry.progress import Progress
from shared.waiting import wait_until_set

log = structlog.get_logger()

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
FORWARD: Final = "WATCHDOG=1"

_MICROSECONDS: Final = 1e6
_BEATS: Final = 3
"""Notices within the manager's patience: one that comes late is no hang."""


def notify(notice: str) -> None:
    """Sends the notice, where somebody takes it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        # A full queue must not hold up the loops: the next notice says as much.
        out.setblocking(False)
        try:
            # An abstract name begins with a null, written as @.
            out.sendto(notice.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError as error:
            log.warning("manager.not_notified", error=type(error).__name__)


async def serving() -> None:
    """The process serves: whoever waited for its start goes on."""
    notify(READY)


async def attend(progress: Progress, stop: asyncio.Event) -> None:
    """Says that the process goes forward as long as each of its loops does, until `stop` is set.

    The manager kills a process that has not said so for WATCHDOG_USEC and starts it again. It hears nothing also where one loop hangs
    while the others go round, and where a call never comes back.
    """
    patience = _patience()
    while not await wait_until_set(stop, patience / _BEATS):
        stuck = progress.stuck()
        if stuck:
            log.error("loop.stuck", loops=stuck)
        else:
            notify(FORWARD)
    notify(STOPPING)


def _patience() -> float:
    """Seconds after which the manager gives up; a minute where nobody waits."""
    mine = os.environ.get("WATCHDOG_PID") in {None, str(os.getpid())}
    given = os.environ.get("WATCHDOG_USEC", "") if mine else ""
    return int(given) / _MICROSECONDS if given.isdigit() and int(given) else 60.0
