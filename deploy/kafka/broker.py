"""A real Kafka broker on this machine: one node, KRaft, no Docker."""

import base64
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

from . import cluster, install, probe
from .errors import PortTakenError, StartFailedError, StopFailedError
from .pidfile import PidFile

FORMAT_TIMEOUT = timedelta(seconds=60)
# A start takes two to three seconds with two cores idle; the rest is for machines under load and for logs to recover after a kill.
START_TIMEOUT = timedelta(seconds=90)
STOP_TIMEOUT = timedelta(seconds=20)
KILL_TIMEOUT = timedelta(seconds=10)
PROBE_TIMEOUT = timedelta(seconds=2)
POLL = timedelta(milliseconds=50)
PID_FILE = "broker.pid"

# Measured with two cores, time to the first answer: the defaults 3.5 s, C1 only 2.7 s, the serial collector too 2.3 s. For the loads of one
# machine both also cost less CPU than the defaults, which spend theirs on compiling.
JVM_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData")


def port_of(folder: Path) -> int | None:
    """The port of the folder's broker, or the last that it had; None before its first start."""
    return PidFile(folder.absolute() / PID_FILE).port()


class KafkaBroker:
    """A broker whose configuration, data and log live in `folder`.

    It outlives this process unless stopped; any other KafkaBroker of the same folder finds it again. Without `port` it takes the port
    that the folder had before, else a free one.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self._pid_file = PidFile(self.folder / PID_FILE)
        self.port = port or self._pid_file.port() or probe.free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to."""
        return f"{probe.HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """The file with the broker's output: appended to, start after start."""
        return self.folder / "broker.log"

    @property
    def running(self) -> bool:
        """Whether there is a process: it may not answer yet, see `ready`."""
        return self._pid_file.held()

    @property
    def ready(self) -> bool:
        """Whether this folder's broker, and no other, answers on the port."""
        ours = self._cluster_id()
        return ours is not None and cluster.cluster_id(self.port, PROBE_TIMEOUT.total_seconds()) == ours

    def install(self) -> Path:
        """Fetch Kafka's jars unless they are there; answer their folder. Raises ToolMissingError, InstallFailedError."""
        return install.install()

    def start(self) -> None:
        """Start, and return once the broker serves. Already running, it keeps its port. Raises BrokerError."""
        libraries = self.install()
        self.folder.mkdir(parents=True, exist_ok=True)
        log_start = self.log.stat().st_size if self.log.exists() else 0
        lock = self._pid_file.take()
        if lock is None:
            self.port = self._pid_file.port() or self.port
            self._wait_until_ready(log_start)
            return
        try:
            if not probe.is_free(self.port):
                raise PortTakenError(self.port)
            self._pid_file.write(None, self.port)
            self._format(libraries, log_start)
            self._launch(libraries, lock)
        finally:
            os.close(lock)
        try:
            self._wait_until_ready(log_start)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after 20 seconds. Not running, do nothing. Raises StopFailedError."""
        # Another process may be amid the start: there is a pid to signal only after the formatting.
        self._within(FORMAT_TIMEOUT, lambda: not self.running or self._pid_file.pid() is not None)
        self._pid_file.terminate()
        if not self._ended_within(STOP_TIMEOUT):
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash would end it. Not running, do nothing. Raises StopFailedError."""
        self._pid_file.kill()
        if not self._ended_within(KILL_TIMEOUT):
            raise StopFailedError(self._pid_file.pid())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _cluster_id(self) -> str | None:
        try:
            lines = (self._data / "meta.properties").read_text().splitlines()
        except FileNotFoundError:
            return None
        return next((line.removeprefix("cluster.id=") for line in lines if line.startswith("cluster.id=")), None)

    def _java(self, libraries: Path, *arguments: str) -> list[str]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        logging = Path(__file__).with_name("log4j2.xml")
        system = (f"-Djava.io.tmpdir={temporary}", f"-Dlog4j2.configurationFile={logging}", "-Dlog4j2.shutdownHookEnabled=false")
        return [install.java(), *JVM_OPTIONS, *system, "-cp", f"{libraries}/*", *arguments]

    def _configure(self, data: Path) -> str:
        template = Template(Path(__file__).with_name("server.properties").read_text())
        # The controller is nobody's but this broker's: its port may change at each start.
        path = self.folder / "server.properties"
        path.write_text(template.substitute(port=self.port, controller_port=probe.free_port(), data=data))
        return str(path)

    def _format(self, libraries: Path, log_start: int) -> None:
        if self._data.exists():
            return
        # Formatted beside and renamed: a kill amid the formatting must not leave a data folder that looks ready.
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = self._java(libraries, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", self._configure(fresh))
        with self.log.open("ab") as log:
            try:
                timeout = FORMAT_TIMEOUT.total_seconds()
                subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, timeout=timeout, check=True)  # noqa: S603
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise self._failure("could not format its storage", log_start) from error
        fresh.rename(self._data)

    def _launch(self, libraries: Path, lock: int) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._java(libraries, "kafka.Kafka", self._configure(self._data)),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
        self._pid_file.write(self._process.pid, self.port)

    def _wait_until_ready(self, log_start: int) -> None:
        if self._within(START_TIMEOUT, lambda: self.ready or not self.running) and self.ready:
            return
        raise self._failure(f"did not answer within {START_TIMEOUT}" if self.running else "ended while starting", log_start)

    def _ended_within(self, timeout: timedelta) -> bool:
        ended = self._within(timeout, lambda: not self.running)
        if ended and self._process is not None:
            self._process.wait(timeout.total_seconds())
            self._process = None
        return ended

    @staticmethod
    def _within(timeout: timedelta, reached: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + timeout.total_seconds()
        while not reached():
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL.total_seconds())
        return True

    def _failure(self, reason: str, log_start: int) -> StartFailedError:
        lines = self.log.read_bytes()[log_start:].decode(errors="replace").splitlines()
        telling = [line for line in lines if "ERROR" in line or "FATAL" in line or "Exception" in line]
        return StartFailedError(reason, self.log, "\n".join(telling[:5] or lines[-5:]))
