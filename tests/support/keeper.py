"""A process beside the tests that stops a server once all its users have ended, however they ended.

A user holds a shared lock on a file, which the system takes back even from a killed one; the keeper waits until it has the lock alone.
"""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@contextmanager
def kept(users: Path, *stop: str) -> Iterator[None]:
    """Makes this process a user; after the last, the command `stop` runs. While it does, a new user waits."""
    users.parent.mkdir(parents=True, exist_ok=True)
    with users.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        keeper = [sys.executable, "-m", "tests.support.keeper", str(users), *stop]
        nothing = subprocess.DEVNULL
        subprocess.Popen(keeper, cwd=PROJECT, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
        yield


if __name__ == "__main__":
    # Without the file, whoever used the server has put it in order.
    with suppress(FileNotFoundError), Path(sys.argv[1]).open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        subprocess.run(sys.argv[2:], check=False)
