"""Notices to systemd, taken from a real socket."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.service_manager import attend, serving
from shared.telemetry.progress import STUCK_AFTER, Progress


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that a manager listens on; it waits for a twentieth of a second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "50000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield listening


async def heard(manager: socket.socket) -> str:
    """The next notice."""
    return (await asyncio.to_thread(manager.recv, 100)).decode()


async def test_a_process_says_that_it_serves_goes_forward_and_ends(manager: socket.socket) -> None:
    await serving()
    stop = asyncio.Event()
    attending = asyncio.create_task(attend(Progress(), stop))
    assert [await heard(manager) for _ in range(4)] == ["READY=1", *["WATCHDOG=1"] * 3]
    stop.set()
    await attending
    while (notice := await heard(manager)) == "WATCHDOG=1":
        pass
    assert notice == "STOPPING=1"


async def test_a_process_with_a_loop_that_hangs_says_nothing_until_it_goes_round(manager: socket.socket) -> None:
    now = 0.0
    progress = Progress(monotonic=lambda: now)
    beat = progress.loop("tests.hanging")
    now = STUCK_AFTER.total_seconds() + 1
    stop = asyncio.Event()
    attending = asyncio.create_task(attend(progress, stop))
    await asyncio.sleep(0.5)
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)
    manager.settimeout(20)
    beat()
    assert await heard(manager) == "WATCHDOG=1"
    stop.set()
    await attending


async def test_an_abstract_address_begins_with_an_at_and_without_a_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0star-tests-{os.getpid()}")
        listening.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@star-tests-{os.getpid()}")
        await serving()
        assert await heard(listening) == "READY=1"
        # One that is away holds nothing up.
        monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
        await serving()
        monkeypatch.delenv("NOTIFY_SOCKET")
        await serving()
