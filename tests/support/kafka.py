"""A real broker for tests."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.kafka.broker import KafkaBroker
from deploy.kafka.errors import InstallFailedError, ToolMissingError


@contextmanager
def running_broker(folder: Path, port: int | None = None) -> Iterator[KafkaBroker]:
    """A started broker of the test's own, to be stopped, killed and started at will.

    Skips the test where Java, Maven or the jars can't be had; fails it there when CI=true.
    """
    broker = KafkaBroker(folder, port)
    try:
        broker.install()
    except (ToolMissingError, InstallFailedError) as error:
        if os.environ.get("CI") == "true":
            raise
        reason = f"KAFKA TESTS DON'T RUN: {error}"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The broker that all tests share: leave it running, and use topics and groups of your own."""
    with running_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
