"""A process as it announces itself. Pure."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from shared.telemetry.operation_times import Answers, Hour

PartKind = Literal["api", "worker"]

EVERY: Final = timedelta(seconds=10)
ALIVE_FOR: Final = timedelta(seconds=45)
"""A part is taken for alive so long after it last announced itself: four times the pause, for a database that is busy."""

GONE_AFTER: Final = timedelta(minutes=10)
"""A part that was silent for so long is taken off the list."""


class OperationSaid(msgspec.Struct):
    """Answers of one operation, as `Answers` has them."""

    method: str
    path: str
    count: int
    failed: int
    refused: int
    times: dict[int, int]


class GroupLagSaid(msgspec.Struct):
    """A consumer group at one partition."""

    group: str
    topic: str
    partition: int
    records: int
    seconds: float


class Said(msgspec.Struct):
    """The word of a process about itself. `stuck`: loops that do not go round. `missing`: what does not answer. `leads`: leases held."""

    stuck: list[str] = []
    missing: list[str] = []
    leads: list[str] = []
    lag: list[GroupLagSaid] = []
    seconds: float = 0.0
    operations: list[OperationSaid] = []
    minutes: list[tuple[int, int]] = []


@dataclass(frozen=True, slots=True)
class Part:
    """A process, and how long ago it announced itself."""

    id: uuid.UUID
    kind: PartKind
    host: str
    version: str
    since: datetime
    refreshed: datetime
    silent: timedelta
    said: Said

    @property
    def live(self) -> bool:
        """Whether it goes forward."""
        return self.silent <= ALIVE_FOR and not self.said.stuck

    @property
    def ready(self) -> bool:
        """Whether it is alive and what it depends on answers."""
        return self.live and not self.said.missing

    def hour(self) -> Hour | None:
        """The last hour of its operations; None for a part that answers no requests, or no more."""
        if not self.said.minutes or self.silent > ALIVE_FOR:
            return None
        operations = {
            (said.method, said.path): Answers(said.count, said.failed, said.refused, Counter(said.times)) for said in self.said.operations
        }
        return Hour(self.said.seconds, operations, self.said.minutes)


def said_of(hour: Hour) -> tuple[float, list[OperationSaid], list[tuple[int, int]]]:
    """An hour as it is announced."""
    operations = [
        OperationSaid(method, path, answers.count, answers.failed, answers.refused, dict(answers.times))
        for (method, path), answers in sorted(hour.operations.items())
    ]
    return hour.seconds, operations, hour.minutes
