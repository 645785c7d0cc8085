"""The product's own processes, started, killed and looked after by tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

STAR = [sys.executable, "-m", "deploy.cli"]
"""The command of another release's tree."""

WATCHED_STAR = [sys.executable, "-m", "tests.support.watched_star"]
"""The command of this tree; the answers of what it serves are held to the documents."""

START_TIMEOUT = 400.0
STOP_TIMEOUT = 40.0


def run_star(arguments: Sequence[str], environment: Mapping[str, str], tree: Path | None = None) -> str:
    """Runs the command to its end; answers what it printed. Raises AssertionError with its output when it fails.

    `tree` is the folder of another release's files.
    """
    done = subprocess.run([*STAR, *arguments], env={**os.environ, **environment}, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"star {' '.join(arguments)} failed:\n{done.stderr[-3000:]}"
    return done.stdout.strip()


class Process:
    """One process of the `star` command, with its output in a file; of this tree, or of another release's.

    `within` is a command that runs others and becomes them, as `ip netns exec NAME` does.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: Path,
        health: str,
        tree: Path | None = None,
        within: Sequence[str] = (),
    ) -> None:
        self.arguments = list(arguments)
        self._within = within
        self._environment = {**os.environ, **environment}
        self.output = output
        self._tree = tree
        self.health = health
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Starts it without waiting."""
        with self.output.open("ab") as sink:
            self._process = subprocess.Popen(
                [*self._within, *(WATCHED_STAR if self._tree is None else STAR), *self.arguments],
                env=self._environment,
                cwd=self._tree,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )

    def await_health(self) -> None:
        """Waits until it answers."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(self.health, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"star {' '.join(self.arguments)} did not start:\n{self.output.read_text()[-3000:]}")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.launch()
        self.await_health()

    def kill(self) -> None:
        """SIGKILL: no chance to put anything in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"star {' '.join(self.arguments)} did not stop:\n{self.output.read_text()[-3000:]}") from None
        self._process = None
        return code

    def freeze(self) -> None:
        """SIGSTOP: to everybody else, as a host that vanished."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it goes on as if no time had passed."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended since."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, while it runs."""
        assert self._process is not None
        return self._process.pid
