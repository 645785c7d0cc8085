"""Memory of each part under load, over minutes: figures, and a plot.

A school's day goes round and round: rolls, corrections that cross thresholds both ways, and readers of lists. Memory that is kept for each
request or mark shows as a line that rises; caches rise and then stop.

    MINUTES=60 .venv/bin/python -m tests.bench.leak
"""

import json
import os
import tempfile
import time
from itertools import count
from pathlib import Path
from statistics import linear_regression
from typing import Final

import matplotlib as mpl
import psutil

from tests.bench.idle import pids_of
from tests.bench.results import Results
from tests.e2e.school import School
from tests.support.stack import ClusterStack, cluster_stack

MINUTES: Final = float(os.environ.get("MINUTES", "60"))
PAUSE: Final = float(os.environ.get("PAUSE", "0"))
EVERY: Final = 2.0
"""Seconds between looks at memory."""
KEPT: Final = 60.0
"""Seconds between writings of what was seen."""

CLASS: Final = 30
CLASSES: Final = 20
MEGABYTE: Final = 1024 * 1024
OUT: Final = Path("build/leak")

Samples = list[tuple[float, float]]


def bench_leak(results: Results) -> None:
    """Samples, and the slope of the second half: by then caches are full."""
    with tempfile.TemporaryDirectory(prefix="star-bench-leak-", ignore_cleanup_errors=True) as folder, cluster_stack(Path(folder)) as stack:
        samples, requests = _watched(stack)
    results.heading(f"Memory under load, {MINUTES:g} minutes, {requests:,} requests")
    for name, seen in samples.items():
        results.add(f"{name}: at the middle", seen[len(seen) // 2][1], "MB")
        results.add(f"{name}: at the end", seen[-1][1], "MB")
        results.ratio(f"{name}: at the end, of the beginning", seen[-1][1], seen[0][1])
        results.add(f"{name}: slope of the second half", slope_of(seen), "MB/h")
    print(f"plot in {OUT / 'leak.svg'}")


def slope_of(seen: Samples) -> float:
    """Megabytes an hour over the second half of the samples, by least squares."""
    half = seen[len(seen) // 2 :]
    return float(linear_regression([at for at, _ in half], [size for _, size in half]).slope) * 3600


def _watched(stack: ClusterStack) -> tuple[dict[str, Samples], int]:
    school = School(stack, "0999")
    students = [str(student) for student in range(CLASS * CLASSES)]
    school.enrol(students)
    pids = {name: pid for name, pid in pids_of(stack).items() if name not in {"kafka", "postgresql"}}
    samples: dict[str, Samples] = {name: [] for name in pids}
    began = time.monotonic()
    looked = 0.0
    kept = KEPT
    requests = 0
    for turn in count():
        now = time.monotonic() - began
        if now >= MINUTES * 60:
            keep(samples, requests)
            return samples, requests
        if now >= kept:
            kept = now + KEPT
            keep(samples, requests)
        if now >= looked:
            looked = now + EVERY
            for name, pid in pids.items():
                samples[name].append((now, psutil.Process(pid).memory_info().rss / MEGABYTE))
        # Of each class in turn: absent on ten half days, then on nine, so that a threshold is crossed and taken back.
        half_day, of = turn // CLASSES % 10, turn % CLASSES
        code = "T" if turn // (CLASSES * 10) % 2 == 0 else "P"
        some = students[of * CLASS : (of + 1) * CLASS]
        school.post([school.mark(student, half_day, code, minute=turn // CLASSES % 100) for student in some]).raise_for_status()
        school.get("thresholds", f"/v1/schools/{school.number}/students", limit=50)
        school.get("thresholds", f"/v1/schools/{school.number}/star-records", limit=50)
        school.get("notifier", f"/v1/schools/{school.number}/deliveries", limit=50)
        requests += 4
        time.sleep(PAUSE)
    raise AssertionError


def keep(samples: dict[str, Samples], requests: int) -> None:
    """Writes the samples, `{"minutes", "requests", "samples": {part: [[seconds, MB]]}}`, and their plot."""
    OUT.mkdir(parents=True, exist_ok=True)
    minutes = max(seen[-1][0] for seen in samples.values()) / 60
    (OUT / "leak.json").write_text(json.dumps({"minutes": round(minutes, 1), "requests": requests, "samples": samples}) + "\n")
    plot(samples, OUT / "leak.svg")


def plot(samples: dict[str, Samples], path: Path) -> None:
    """A line for each part."""
    mpl.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415 - the backend is chosen first

    figure, axes = pyplot.subplots(figsize=(8, 4))
    for name, seen in samples.items():
        axes.plot([at / 60 for at, _ in seen], [size for _, size in seen], label=name)
    axes.set_xlabel("minutes under load")
    axes.set_ylabel("memory (RSS), MB")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small", ncols=2)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


if __name__ == "__main__":
    bench_leak(Results())
