"""The connections of this process's pools, counted when Prometheus asks."""

import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.pool import QueuePool

NAME: Final = "star_database_pool_connections"
MEANING: Final = "Connections of this process to the database: in use, idle, or the most that there may be"


class Pools(Collector):
    """All pools of the process, as long as they live."""

    def __init__(self) -> None:
        self._pools: weakref.WeakKeyDictionary[QueuePool, str] = weakref.WeakKeyDictionary()

    def watch(self, schema: str, pool: QueuePool) -> None:
        """Counts this pool, too."""
        self._pools[pool] = schema

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The family, without numbers."""
        yield GaugeMetricFamily(NAME, MEANING, labels=["service", "state"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The family, by service and state."""
        family = GaugeMetricFamily(NAME, MEANING, labels=["service", "state"])
        counts: Counter[tuple[str, str]] = Counter()
        for pool, schema in list(self._pools.items()):
            counts[schema, "in-use"] += pool.checkedout()
            counts[schema, "idle"] += pool.checkedin()
            counts[schema, "most"] += pool.size()
        for (schema, state), count in sorted(counts.items()):
            family.add_metric([schema, state], count)
        yield family


POOLS: Final = Pools()
REGISTRY.register(POOLS)
