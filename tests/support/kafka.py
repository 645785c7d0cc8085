"""A real broker for tests."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.kafka import install
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.errors import InstallFailedError, ToolMissingError
from tests.support.keeper import kept
from tests.support.locks import locked
from tests.support.ports import free_port


def install_or_skip(*poms: Path) -> None:
    """Has the jars fetched, once whatever processes ask.

    Skips the test where Java, Maven or the jars can't be had; fails it there when CI=true.
    """
    try:
        with locked(install.CACHE / "kafka.lock"):
            for pom in poms or (install.POM,):
                install.install(pom)
    except (ToolMissingError, InstallFailedError) as error:
        if os.environ.get("CI") == "true":
            raise
        reason = f"KAFKA TESTS DON'T RUN: {error}"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)


@contextmanager
def running_broker(folder: Path, kind: Callable[[Path], KafkaBroker] | None = None) -> Iterator[KafkaBroker]:
    """A started broker of the test's own, to be stopped, killed and started at will. Skips or fails as `install_or_skip` does."""
    install_or_skip()
    broker = kind(folder) if kind else KafkaBroker(folder, free_port())
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The broker that all tests share, in all processes of a run: leave it running, and use topics and groups of your own.

    The first process starts it; the keeper stops it after the last.
    """
    install_or_skip()
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "kafka"
    with kept(folder.with_name("kafka.users"), sys.executable, "-m", "deploy.kafka", "stop", "--data", str(folder)):
        with locked(folder.with_name("kafka.starting")):
            broker = KafkaBroker(folder, free_port())
            broker.start()
        yield broker
