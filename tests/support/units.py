"""The units of `deploy/systemd`: read as systemd reads them, and their commands run without it, as their user and with their settings."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import START_TIMEOUT, STOP_TIMEOUT, Process

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
EDITED = Path("etc/systemd/system")
"""The place below a root folder where `systemctl edit` writes."""


def settings_of(unit: Path) -> list[tuple[str, str]]:
    """The lines of a unit's `[Service]`, in their order; names repeat."""
    section = ""
    lines = []
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            lines.append((name, value))
    return lines


def environment_file(path: Path) -> dict[str, str]:
    """The variables of an `EnvironmentFile`."""
    lines = (line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


class Unit(Process):
    """An installed unit's command as its user, in the environment that systemd would give it and no other."""

    def __init__(self, root: Path, unit: str, health: str, output: Path) -> None:
        name, _, instance = unit.removesuffix(".service").partition("@")
        units = root / "usr/local/lib/systemd/system"
        lines = settings_of(units / (f"{name}@.service" if instance else unit))
        for folder in (units / f"{name}@.service.d", units / f"{unit}.d", root / EDITED / f"{unit}.d"):
            for drop_in in sorted(folder.glob("*.conf")):
                lines += settings_of(drop_in)
        environment: dict[str, str] = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        for key, value in lines:
            if key == "Environment":
                environment |= dict(pair.split("=", 1) for pair in value.split())
        for key, value in lines:
            path = root / value.removeprefix("-").replace("%i", instance).lstrip("/")
            if key == "EnvironmentFile" and (path.exists() or not value.startswith("-")):
                environment |= environment_file(path)
        values = dict(lines)
        self._user, self._group = id_of(root, "passwd", values["User"]), id_of(root, "group", values["Group"])
        environment["STAR_DATA"] = str(root / environment["STAR_DATA"].lstrip("/"))
        if values.get("PrivateTmp") == "yes":
            private = root / "tmp"
            private.mkdir(mode=0o700, exist_ok=True)
            os.chown(private, self._user, self._group)
            environment["TMPDIR"] = str(private)
        self._socket: Path | None = None
        self._notices: socket.socket | None = None
        if values["Type"] == "notify":
            # Short enough for a socket's address, and where the engine's user may go.
            self._socket = Path(tempfile.mkdtemp(dir=root / "tmp")) / "notify"
            self._socket.parent.chmod(0o755)
            environment |= {"NOTIFY_SOCKET": str(self._socket), "WATCHDOG_USEC": str(int(values["WatchdogSec"]) * 1_000_000)}
        words = [_filled(word, instance, environment) for word in values["ExecStart"].split()]
        super().__init__(words[1:], environment=environment, output=output, health=health)
        self._environment = environment
        self._root = root
        self._program = root / words[0].lstrip("/")
        self._folder = environment["STAR_DATA"]

    def hear(self, notice: str) -> None:
        """Waits for a notice of the process."""
        assert self._notices is not None, "the unit is of a type without notices"
        self._notices.settimeout(1)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.running:
            try:
                if self._notices.recv(1000).decode() == notice:
                    return
            except TimeoutError:
                continue
        raise AssertionError(f"no {notice} from {self.arguments}:\n{self.output.read_text()[-3000:]}")

    def run(self, *words: str) -> None:
        """Another command of the program, as the unit's user and with its settings, to its end."""
        arguments, self.arguments = self.arguments, list(words)
        self.launch()
        assert self._process is not None
        assert self._process.wait(START_TIMEOUT) == 0, self.output.read_text()[-3000:]
        self._process, self.arguments = None, arguments

    def abort(self) -> int:
        """SIGABRT, as a manager ends a process that hangs; its exit code."""
        os.kill(self.pid, signal.SIGABRT)
        assert self._process is not None
        return self._process.wait(STOP_TIMEOUT)

    def launch(self) -> None:
        """Starts it without waiting. It sees the root folder's users for this machine's: PostgreSQL wants to know its own by name."""
        see = "".join(f"mount --bind {self._root}/etc/{file} /etc/{file} && " for file in ("passwd", "group"))
        if self._socket is not None:
            self._notices = _listening(self._socket)
        become = ("setpriv", f"--reuid={self._user}", f"--regid={self._group}", "--clear-groups", self._program)
        with self.output.open("ab") as sink:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", f'{see} exec "$@"', "sh", *become, *self.arguments],
                env=self._environment,
                cwd=self._folder,
                umask=0o077,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )


def id_of(root: Path, file: str, name: str) -> int:
    """The number of a user or group of a root folder, which this machine may not have."""
    lines = (root / "etc" / file).read_text().splitlines()
    return next(int(line.split(":")[2]) for line in lines if line.startswith(f"{name}:"))


def owner_of(root: Path, path: Path) -> str:
    """The names of a path's owner and group, as the root folder has them, and its mode."""
    stat = path.stat()
    users, groups = (
        {int(line.split(":")[2]): line.split(":")[0] for line in (root / "etc" / file).read_text().splitlines()} | {0: "root"}
        for file in ("passwd", "group")
    )
    return f"{users[stat.st_uid]}:{groups[stat.st_gid]} {stat.st_mode & 0o7777:04o}"


def _listening(address: Path) -> socket.socket:
    address.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(address))
    address.chmod(0o666)
    return listening


def _filled(word: str, instance: str, environment: Mapping[str, str]) -> str:
    word = word.replace("%i", instance)
    return environment[word[2:-1]] if word.startswith("${") else os.fspath(word)
