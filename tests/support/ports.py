"""Ports for servers of tests."""

import os
import random

from deploy.kafka import probe

_PORTS = range(20_000, 30_000)
"""Below those of outgoing connections, as `deploy.kafka.probe` explains."""


def _of_this_process() -> range:
    """The ports that no other process of a spread run hands out: between a look at a port and its use they'd take each other's."""
    name, count = os.environ.get("PYTEST_XDIST_WORKER", "gw0"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return _PORTS[int(name.removeprefix("gw")) % count :: count]


def free_port() -> int:
    """A port nobody listens on."""
    ports = _of_this_process()
    return next(port for port in random.sample(ports, len(ports)) if probe.is_free(port))
