"""While a broker is away, all clients together write a few lines a minute; the library by itself writes a line for each of its tries."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.kafka.broker import KafkaBroker
from shared.telemetry.repeats import EACH
from tests.support.kafka import running_broker

pytestmark = pytest.mark.kafka

CLIENTS = 4
A_FEW = 15
"""Lines that a client may write in a minute: each thing that it finds wrong once, and our own each time that it backs off for longer."""

IN_VAIN = {"kill": {"group": 5, "publisher": 5, "cluster": 20}, "suspend": {"publisher": 5, "cluster": 4}}
"""The tries in vain that each test waits for. A group notices that a broker hangs when its session has ended, and not before."""


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("broker") / "data") as started:
        yield started


@pytest.fixture
def broker(own_broker: KafkaBroker) -> KafkaBroker:
    own_broker.start()
    return own_broker


@contextmanager
def away(broker: KafkaBroker, way: str) -> Iterator[None]:
    """The broker refuses connections, or takes them and answers nothing."""
    process = psutil.Process(int((broker.folder / "broker.pid").read_text().split()[0]))
    getattr(broker if way == "kill" else process, way)()
    try:
        yield
    finally:
        if way == "suspend":
            process.resume()


@pytest.mark.parametrize("way", ["suspend", "kill"])
def test_clients_say_it_in_a_few_lines_a_minute(broker: KafkaBroker, tmp_path: Path, way: str) -> None:
    log = tmp_path / "log"
    with log.open("w") as stderr:
        command = [sys.executable, "-m", "tests.contract.bus.clients_of_kafka", broker.bootstrap]
        clients = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert clients.stdin is not None
    assert clients.stdout is not None
    try:
        # A broker that has just begun may refuse a client or two.
        while (line := clients.stdout.readline()) != "ready\n":
            assert line, log.read_text()
        before, began = len(log.read_text().splitlines()), time.monotonic()
        with away(broker, way):
            missing = Counter(IN_VAIN[way])
            while missing:
                line = clients.stdout.readline()
                assert line, log.read_text()
                missing -= Counter([line.strip()])
            lines = log.read_text().splitlines()[before:]
            minutes = int((time.monotonic() - began) / EACH) + 1
        # Structured, whoever writes it.
        written = [json.loads(line) for line in lines]
        assert written
        assert len(written) <= minutes * CLIENTS * A_FEW, Counter(line["event"] for line in written)
        clients.stdin.close()
        assert clients.wait(60) == 0, log.read_text()
    finally:
        clients.kill()
        clients.wait()
