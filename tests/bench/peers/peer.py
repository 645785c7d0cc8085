"""The programs that do the job: how each is installed and started. Each has an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.kafka.install import CACHE, install, java

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE / "programs"


@dataclass(frozen=True)
class Peer:
    """One way to build it. `command` installs what it needs and answers what starts a process of it."""

    name: str
    promises: str
    command: Callable[[], Sequence[str]]
    processes: int = 1
    marks_in_a_record: int = 30
    arguments: Sequence[str] = ()
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list, compare=False)

    def start(self, environment: Mapping[str, str], folder: Path) -> list[int]:
        """Starts its processes; answers their numbers."""
        command = self.command()
        for place in range(self.processes):
            own = folder / str(place)
            own.mkdir(parents=True)
            with (folder / f"{place}.log").open("wb") as log:
                started = subprocess.Popen(
                    [*command, *self.arguments],
                    env={**os.environ, **environment, "FOLDER": str(own)},
                    cwd=PROGRAMS,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self.running.append(started)
        return [process.pid for process in self.running]

    def stop(self) -> None:
        """Ends them."""
        for process in self.running:
            process.kill()
            process.wait()
        self.running.clear()


def _python(name: str) -> Callable[[], Sequence[str]]:
    def command() -> Sequence[str]:
        folder = CACHE / "peers" / name
        python, wanted = folder / "bin" / "python", PROGRAMS / f"{name}.txt"
        kept = folder / "installed.txt"
        if not kept.exists() or kept.read_bytes() != wanted.read_bytes():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)], check=True)
            kept.write_bytes(wanted.read_bytes())
        return str(python), str(PROGRAMS / f"{name}_rolls.py")

    return command


def _streams() -> Sequence[str]:
    libraries = install(HERE / "streams" / "pom.xml")
    classes = CACHE / "peers" / "streams"
    subprocess.run(["javac", "-d", str(classes), "-cp", f"{libraries}/*", str(HERE / "streams" / "Rolls.java")], check=True)
    return java(), "-Xmx1g", "-cp", f"{classes}:{libraries}/*", "Rolls"


def _plain() -> Sequence[str]:
    return sys.executable, str(PROGRAMS / "row_a_mark.py")


PEERS: Final = (
    Peer("Kafka Streams, rolls", "exactly once", _streams),
    Peer("Kafka Streams, a record a mark", "exactly once", _streams, marks_in_a_record=1),
    Peer("Quix Streams", "exactly once", _python("quix"), processes=2),
    Peer("Faust", "at least once", _python("faust"), processes=2, arguments=("worker", "--loglevel", "warn", "--without-web")),
    Peer("Bytewax", "at least once", _python("bytewax")),
    Peer("A row a mark", "at least once", _plain, processes=2),
)
