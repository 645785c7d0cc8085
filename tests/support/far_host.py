"""A host that can vanish: a network namespace of its own, whose only ways out are forwarders to named servers.

Its loopback carries all that its processes say. Taken down, nothing comes through and nothing is closed: to the servers, the host is
silent; to the host, the servers are.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.support.blackhole import way_to
from tests.support.disks import NotPermittedError

FROM_INSIDE: Final = "import sys, urllib.request as r; sys.exit(r.urlopen(sys.argv[1], timeout=2).status != 200)"


class FarHost:
    """A host that runs. `within` is put before a command to run it there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.within = ("ip", "netns", "exec", name)

    def vanish(self) -> None:
        """From now on nothing leaves the host, and nothing reaches it."""
        self._set("down")

    def come_back(self) -> None:
        """Everything comes through again, with what waited."""
        self._set("up")

    def await_health(self, python: str, url: str, patience: float) -> None:
        """Waits until an address answers to those on the host."""
        deadline = time.monotonic() + patience
        command = [*self.within, python, "-c", FROM_INSIDE, url]
        while subprocess.run(command, capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline, f"{url} did not answer on its host"
            time.sleep(0.2)

    def _set(self, state: str) -> None:
        subprocess.run(["ip", "-n", self._name, "link", "set", "lo", state], check=True)


@contextmanager
def far_host(name: str, folder: Path, servers: Mapping[int, str]) -> Iterator[FarHost]:
    """A host on which each port of `servers` leads to `host:port` or a socket's path outside. Raises NotPermittedError."""
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise NotPermittedError(f"no network namespace can be made here: {made.stderr.strip()}")
    host = FarHost(name)
    with ExitStack() as cleanup:
        cleanup.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        host.come_back()
        for port, target in servers.items():
            # A socket in the file system is the door between the namespaces: the file system is shared.
            door = folder / f"{name}-{port}.socket"
            cleanup.enter_context(way_to(target, door))
            cleanup.enter_context(way_to(str(door), port, within=host.within))
        yield host
