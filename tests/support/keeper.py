"""A process beside the tests that stops a server once all its users have ended, however they ended.

Run as `python -m tests.support.keeper kafka FOLDER` or `postgres FOLDER`. A user holds a shared lock on a file beside the folder, which
the system takes back even from a killed one; the keeper waits for the lock of its own.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from deploy.kafka.broker import KafkaBroker

PROJECT = Path(__file__).parents[2]


@contextmanager
def kept(kind: Literal["kafka", "postgres"], folder: Path) -> Iterator[None]:
    """Makes this process a user of the folder's server. While the last server is being stopped, it waits."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _users(folder).open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        command = [sys.executable, "-m", "tests.support.keeper", kind, str(folder)]
        nothing = subprocess.DEVNULL
        subprocess.Popen(command, cwd=PROJECT, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
        yield


def _users(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.users")


def _stop_kafka(folder: Path) -> None:
    KafkaBroker(folder).stop()


def _stop_postgres(folder: Path) -> None:
    """An orderly end has removed the folder already."""
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((folder / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
    shutil.rmtree(folder.parent, ignore_errors=True)


STOPS: dict[str, Callable[[Path], None]] = {"kafka": _stop_kafka, "postgres": _stop_postgres}

if __name__ == "__main__":
    kind, server = sys.argv[1], Path(sys.argv[2])
    with suppress(FileNotFoundError), _users(server).open("r+") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        STOPS[kind](server)
