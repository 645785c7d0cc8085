"""Both set-ups as the installer lays them out below a root folder, their processes started as the units there say."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from deploy.services import SETTINGS, schema_of
from tests.support.ports import free_port
from tests.support.stack import ClusterStack, EmbeddedStack
from tests.support.units import EDITED, FOLDER, Unit

ETC: Final = Path("etc/star")
DATA: Final = Path("var/lib/star")


def everybodys_python() -> str:
    """A Python that the engine's user may run: one in nobody's home. Skips the test, or fails it in CI, without one."""
    python = shutil.which("python3.11", path="/usr/local/bin:/usr/bin")
    if python is None or os.geteuid() != 0:
        reason = "THE INSTALLER IS NOT TRIED: it needs root, and a python3.11 outside of homes"
        if os.environ.get("CI") == "true":
            raise AssertionError(reason)
        pytest.skip(reason)
    return python


class Root:
    """A root folder, and the installer's commands on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._python = everybodys_python()

    def installer(self, command: str, *arguments: str | Path) -> str:
        """Runs `install.sh` to its end; answers what it printed."""
        words = [FOLDER / "install.sh", command, "--root", self.path, *arguments]
        done = subprocess.run(words, env={**os.environ, "PYTHON": self._python}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def current(self) -> str:
        """The version in use."""
        return str((self.path / "opt/star/current").readlink())

    @property
    def started_with_the_machine(self) -> set[str]:
        """The units that the machine would start."""
        return {link.name for link in (self.path / EDITED).glob("*.wants/*")}

    def settings(self, file: str, settings: Mapping[str, str]) -> None:
        """Adds an operator's lines to a file of settings; makes it, for root and the engine to read, if it is not there."""
        path = self.path / ETC / file
        if not path.exists():
            path.touch(mode=0o640)
            shutil.chown(path, 0, (self.path / ETC).stat().st_gid)
        with path.open("a") as lines:
            lines.writelines(f"{name}={value}\n" for name, value in settings.items())

    def edit(self, unit: str, line: str) -> None:
        """Changes a line of a unit's `[Service]`, as `systemctl edit` does."""
        folder = self.path / EDITED / f"{unit}.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "override.conf").write_text(f"[Service]\n{line}\n")


@contextmanager
def scratch_root() -> Iterator[Root]:
    """An empty root folder that other users may enter, and whose path is short enough for sockets below it."""
    with tempfile.TemporaryDirectory(prefix="star-", dir="/var/tmp") as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "tmp").mkdir()
        yield Root(path)


class InstalledProcess(EmbeddedStack):
    """`star.service` of a root folder. Make another one after an upgrade: the unit is read then."""

    def __init__(self, root: Root, folder: Path, port: int) -> None:
        self._root = root
        super().__init__(folder)
        self.port = port
        self.data = root.path / DATA
        self._lay_out(None)

    def _lay_out(self, tree: Path | None) -> None:
        self.unit = Unit(self._root.path, "star.service", f"http://127.0.0.1:{self.port}/ingest/healthz", self.folder / "star.log")
        self._process = self.unit


class InstalledParts(ClusterStack):
    """The units of `star.target` of a root folder, beside the broker, the database and the sandbox of a cluster."""

    def __init__(self, root: Root, neighbours: ClusterStack) -> None:
        self._root = root
        super().__init__(neighbours.folder, neighbours.broker, None, neighbours.database_url)
        self.data = root.path / DATA
        self.sandbox_process, self.sandbox_port = neighbours.sandbox_process, neighbours.sandbox_port
        self._write_settings(neighbours.environment)

    def _lay_out(self) -> None:
        self.ports = {part: free_port() for part in SETTINGS}
        self._worker_ports = {part: free_port() for part in SETTINGS}

    def _write_settings(self, environment: Mapping[str, str]) -> None:
        """As the how-to says: everybody's settings, the owner's with all logins, and for each service its own."""
        logins = {name: value for name, value in environment.items() if name.endswith("_DATABASE_URL")}
        self._root.settings("star.env", {name: value for name, value in environment.items() if name not in {*logins, "STAR_DATA"}})
        self._root.settings("operator.env", logins)
        for part in SETTINGS:
            self._root.settings(f"{part}.env", {"STAR_DATABASE_URL": logins[f"STAR_{schema_of(part).upper()}_DATABASE_URL"]})
            self._root.edit(f"star-api@{part}.service", f"Environment=PART_PORT={self.ports[part]}")
            self._root.edit(f"star-worker@{part}.service", f"Environment=PART_PORT={self._worker_ports[part]}")

    def read_units(self) -> list[Unit]:
        """The units as they are installed now, in the order in which the installer restarts them."""
        apis = {part: self._unit("api", part, self.ports[part]) for part in SETTINGS}
        workers = {part: self._unit("worker", part, self._worker_ports[part]) for part in SETTINGS}
        return [*apis.values(), *workers.values()]

    def _unit(self, kind: str, part: str, port: int) -> Unit:
        unit = f"star-{kind}@{part}.service"
        return Unit(self._root.path, unit, f"http://127.0.0.1:{port}/healthz", self.folder / f"{unit}.log")

    def migrate(self, *options: str) -> None:
        """Runs what `star-migrate.service` says."""
        unit = Unit(self._root.path, "star-migrate.service", "", self.folder / "star-migrate.log")
        unit.run(*unit.arguments, *options)
