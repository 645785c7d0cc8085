"""Which process runs in a folder: a file with its pid and port, locked for as long as it lives.

The broker inherits the open, locked file, so the system itself unlocks it when the broker ends, however it ends. A locked file's pid is
therefore never stale and never another program's.
"""

import fcntl
import os
import signal
import time
from pathlib import Path


class PidFile:
    """One line, "PID PORT"; the pid is 0 while the process is being started. The port stays there after it has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self) -> int | None:
        """Lock the file for a process to be started: a descriptor to hand to it and close, or None when one runs already."""
        # Once more after a moment: `held` of another process locks the file too, for microseconds.
        for _ in range(3):
            descriptor = self._lock(fcntl.LOCK_EX)
            if descriptor is not None:
                # The last process's pid may be another program's by now; who finds the lock held must not signal it.
                self.write(None, self.port() or 0)
                return descriptor
            time.sleep(0.01)
        return None

    def held(self) -> bool:
        """Whether a process runs, or is being started."""
        if not self._path.exists():
            return False
        descriptor = self._lock(fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def write(self, pid: int | None, port: int) -> None:
        """Only for the one who took the lock."""
        self._path.write_text(f"{pid or 0} {port}\n")

    def pid(self) -> int | None:
        """The pid of the process that runs: None when none does, or when it is only being started."""
        return (self._read()[0] or None) if self.held() else None

    def port(self) -> int | None:
        """The port of the process that runs or ran last."""
        return self._read()[1] or None

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _lock(self, kind: int) -> int | None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _read(self) -> tuple[int, int]:
        try:
            pid, port = self._path.read_text().split()
        except (FileNotFoundError, ValueError):
            return 0, 0
        return int(pid), int(port)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid()
        if pid is None:
            return
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
