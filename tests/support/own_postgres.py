"""A PostgreSQL server of a test's own, to be stopped, killed and started at will."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.embedded.postgres import EmbeddedPostgres

PATIENCE = 30.0


class OwnPostgres:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder)
        self.url = self._server.start()

    def processes(self) -> list[psutil.Process]:
        """The server's processes."""
        postmaster = psutil.Process(int((self._folder / "postmaster.pid").read_text().splitlines()[0]))
        return [postmaster, *postmaster.children()]

    def stop(self) -> None:
        """Stops it in order."""
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        processes = self.processes()
        processes[0].kill()
        psutil.wait_procs(processes, timeout=PATIENCE)

    def start(self) -> None:
        """Starts it again, with what it held."""
        self._server.start()


@contextmanager
def own_postgres(folder: Path) -> Iterator[OwnPostgres]:
    """A server for as long as the context lasts."""
    server = OwnPostgres(folder)
    try:
        yield server
    finally:
        server.stop()
