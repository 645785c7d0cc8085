"""A profile of this process by samples of its CPU time, which distorts nothing: the signal comes after so much CPU, whoever used it."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

EVERY: Final = 0.001
"""Seconds of CPU between two samples."""
LINES: Final = 30


class Samples:
    """Functions by the samples in which they ran themselves, and in which they were on the stack."""

    def __init__(self) -> None:
        self.number = 0
        self._own: Counter[str] = Counter()
        self._with_callees: Counter[str] = Counter()

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Takes one. The time of C code counts for the function that called it."""
        self.number += 1
        names = []
        while frame is not None:
            file = frame.f_code.co_filename.rsplit("/", 3)
            names.append(f"{'/'.join(file[-2:])} {frame.f_code.co_name}")
            frame = frame.f_back
        self._own.update(names[:1])
        self._with_callees.update(set(names))

    def lines(self) -> Iterator[str]:
        """The functions that took most of the time themselves, in percent of all samples: own, with callees, name."""
        for name, own in self._own.most_common(LINES):
            yield f"{own / self.number:8.1%} {self._with_callees[name] / self.number:8.1%}  {name}"


@contextmanager
def sampled() -> Iterator[Samples]:
    """Samples the block, in the main thread."""
    samples = Samples()
    before = signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
