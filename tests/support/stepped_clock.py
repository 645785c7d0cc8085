"""The time of day of processes that tests start, set while they run. libfaketime can't do it: it moves Python's sleeps, too."""

import functools
import os
import shutil
import subprocess
import warnings
from datetime import timedelta
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")


@functools.cache
def _library(folder: Path) -> Path:
    """Compiles the library. Skips the test where there is no compiler; fails it there when CI=true, where `make test` installs one."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        reason = "CLOCKS THAT ARE SET ARE NOT TESTED: there is no C compiler; on Debian: apt-get install build-essential"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    library = folder / "stepped_clock.so"
    subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class SteppedClock:
    """The clock of one machine: of all processes that are started with its environment, and of theirs."""

    def __init__(self, folder: Path, name: str) -> None:
        self._offset = folder / f"{name}.clock"
        self._library = _library(folder)
        self.step_to(timedelta(0))

    @property
    def environment(self) -> dict[str, str]:
        """The environment that a process is started with."""
        return {"LD_PRELOAD": str(self._library), "STEPPED_CLOCK": str(self._offset)}

    def step_to(self, ahead: timedelta) -> None:
        """Sets the clock so far ahead of the true one, or behind it."""
        # In place: running processes have mapped this file.
        self._offset.touch()
        with self._offset.open("r+b") as file:
            file.write((ahead // timedelta(microseconds=1)).to_bytes(8, "little", signed=True))
