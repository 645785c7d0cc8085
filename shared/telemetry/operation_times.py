"""The answers of the last hour by operation, kept in memory: how many, how many failed, and how long they took.

A ring of minutes, each with a histogram of few numbers: an hour of any traffic takes some kilobytes, and noting an answer a microsecond.
Time is counted on the monotonic clock. Several processes' figures add up (`together`).
"""

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

MINUTE: Final = 60
MINUTES: Final = 60

BOUNDS: Final = tuple(2 ** (step / 4) for step in range(70))
"""Upper bounds of the histogram's buckets in milliseconds: from 1 ms to some minutes, each a fifth above the one before."""

OperationKey = tuple[str, str]
"""Method and path template."""


@dataclass(slots=True)
class Answers:
    """Answers of one operation. `failed` are those of status 500 and above, `refused` those of 400 to 499; `times` counts by bucket."""

    count: int = 0
    failed: int = 0
    refused: int = 0
    times: Counter[int] = field(default_factory=Counter)

    def note(self, status: int, milliseconds: float) -> None:
        """Counts one more."""
        self.count += 1
        self.failed += status >= HTTPStatus.INTERNAL_SERVER_ERROR
        self.refused += HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        self.times[min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)] += 1

    def add(self, other: "Answers") -> None:
        """Counts another's in."""
        self.count += other.count
        self.failed += other.failed
        self.refused += other.refused
        self.times.update(other.times)

    def quantile(self, share: float) -> float | None:
        """The milliseconds within which this share of the answers came, up to a fifth too much; None without any."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self.times):
            seen += self.times[bucket]
            if seen >= wanted:
                return round(BOUNDS[bucket], 1)
        return None


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour: answers by operation, and (count, failed) of each minute, the present one last; `seconds` of it were seen."""

    seconds: float
    operations: dict[OperationKey, Answers]
    minutes: list[tuple[int, int]]


def together(hours: Iterable[Hour]) -> Hour:
    """The hours of several processes as one; `seconds` is that of the oldest."""
    operations: dict[OperationKey, Answers] = {}
    minutes = [(0, 0)] * MINUTES
    seconds = 0.0
    for hour in hours:
        seconds = max(seconds, hour.seconds)
        for key, answers in hour.operations.items():
            operations.setdefault(key, Answers()).add(answers)
        minutes = [(count + more, failed + worse) for (count, failed), (more, worse) in zip(minutes, hour.minutes, strict=True)]
    return Hour(seconds, operations, minutes)


class OperationTimes:
    """The ring of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._minutes: deque[tuple[int, dict[OperationKey, Answers]]] = deque()

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """Notes an answer."""
        minute = int(self._clock() // MINUTE)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, {}))
            self._forget(minute)
        answers = self._minutes[-1][1]
        key = (method, path)
        if key not in answers:
            answers[key] = Answers()
        answers[key].note(status, seconds * 1000)

    def hour(self) -> Hour:
        """The last hour."""
        now = self._clock()
        minute = int(now // MINUTE)
        self._forget(minute)
        operations: dict[OperationKey, Answers] = {}
        by_minute = dict.fromkeys(range(minute - MINUTES + 1, minute + 1), (0, 0))
        for number, of_minute in self._minutes:
            for key, answers in of_minute.items():
                operations.setdefault(key, Answers()).add(answers)
                count, failed = by_minute[number]
                by_minute[number] = (count + answers.count, failed + answers.failed)
        return Hour(min(now - self._began, MINUTE * MINUTES), operations, list(by_minute.values()))

    def _forget(self, minute: int) -> None:
        while self._minutes and self._minutes[0][0] <= minute - MINUTES:
            self._minutes.popleft()
