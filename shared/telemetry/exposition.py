"""The metrics of one service, out of a process that may run several."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import REGISTRY, Metric, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

from shared.telemetry.metrics import OWNERS

_BY_LABEL: Final = {"service": "_", "group": ".", "loop": "."}
"""Labels that say whose a sample is, each with what ends the service's name in it."""


def metrics_of(schema: str) -> bytes:
    """The service's own metrics and those of the process, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Own(schema))
    return generate_latest(registry)


class _Own(Collector):
    def __init__(self, schema: str) -> None:
        self._schema = schema

    def describe(self) -> Iterator[Metric]:
        """Nothing: families are known when they are asked for."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The families, each without other services' samples; none that is empty then."""
        for family in REGISTRY.collect():
            owner = OWNERS.get(family.name)
            if owner is not None and owner != self._schema:
                continue
            own = Metric(family.name, family.documentation, family.type, family.unit)
            own.samples = [sample for sample in family.samples if self._is_own(sample)]
            if own.samples or not family.samples:
                yield own

    def _is_own(self, sample: Sample) -> bool:
        for label, end in _BY_LABEL.items():
            if label in sample.labels:
                name = sample.labels[label].replace("-", "_")
                return name == self._schema or (end == "." and name.split(".")[0] == self._schema)
        return True
