"""Debian packages that a bare CI machine lacks. Nobody else's machine is ever changed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

TIMEOUT: Final = timedelta(minutes=4)
"""The bound on one command: below the test suite's limit of five minutes a test, so that its message is the one shown."""


class AptError(Exception):
    """apt-get did not do it."""


def install_on_ci(packages: Sequence[str]) -> None:
    """Installs packages as root where CI=true and there is apt-get; elsewhere does nothing. Raises AptError when that fails."""
    apt = shutil.which("apt-get")
    if os.environ.get("CI") != "true" or os.geteuid() != 0 or apt is None:
        return
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        try:
            subprocess.run(  # noqa: S603
                [apt, *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=TIMEOUT.total_seconds(),
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise AptError(f"apt-get {command[0]} failed ({error.stderr.strip()})") from error
        except subprocess.TimeoutExpired as error:
            raise AptError(f"apt-get {command[0]} took longer than {TIMEOUT}") from error
