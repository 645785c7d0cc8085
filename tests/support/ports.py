"""Ports for servers of tests."""

import os
import random
from itertools import cycle
from typing import Final

from deploy.kafka import probe

_PORTS = range(20_000, 30_000)
"""Below those of outgoing connections, as `deploy.kafka.probe` explains."""


def _of_this_process() -> range:
    """The ports that no other process of a spread run hands out: between a look at a port and its use they'd take each other's."""
    name, count = os.environ.get("PYTEST_XDIST_WORKER", "gw0"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return _PORTS[int(name.removeprefix("gw")) % count :: count]


_IN_TURN: Final = cycle(random.sample(_of_this_process(), len(_of_this_process())))


def free_port() -> int:
    """A port nobody listens on. It comes again after all others: a server that is given it may not listen yet."""
    return next(port for port in _IN_TURN if probe.is_free(port))
