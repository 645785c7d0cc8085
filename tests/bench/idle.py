"""The processor's time that each part takes while nobody asks for anything: parts as processes of their own, Kafka and PostgreSQL beside.

.venv/bin/python -m tests.bench.idle
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.nation.machine import cpu_of
from tests.bench.results import Results
from tests.e2e.school import School, eventually
from tests.support.stack import ClusterStack, cluster_stack

SETTLED: Final = 20
"""Seconds until caches are filled, groups have settled and first looks are done."""

WATCHED: Final = int(os.environ.get("SECONDS", "60"))


def bench_idle(results: Results) -> None:
    """Milliseconds of CPU a second, by part, after a school has been at work."""
    with tempfile.TemporaryDirectory(prefix="star-bench-idle-", ignore_cleanup_errors=True) as folder, cluster_stack(Path(folder)) as stack:
        school = School(stack, "0999")
        school.enrol([str(student) for student in range(100)])
        for student in range(100):
            school.absent(str(student), 12)
        eventually(lambda: school.total("99"), 12)
        time.sleep(SETTLED)
        before = _spent(stack)
        time.sleep(WATCHED)
        after = _spent(stack)
        results.heading(f"CPU while idle, over {WATCHED} s")
        for name, spent in after.items():
            results.add(name, (spent - before[name]) * 1000 / WATCHED, "ms/s")


def _spent(stack: ClusterStack) -> dict[str, float]:
    """CPU seconds so far, by part."""
    return {name: cpu_of(pid) for name, pid in pids_of(stack).items()}


def pids_of(stack: ClusterStack) -> dict[str, int]:
    """The product's parts, and what they run on."""
    parts = {f"serve {name}": process.pid for name, process in stack.apis.items()}
    parts |= {f"work {name}": process.pid for name, process in stack.workers.items()}
    broker = int((stack.broker.folder / "broker.pid").read_text().split()[0])
    database = int((stack.folder / "postgres" / "postmaster.pid").read_text().split()[0])
    return parts | {"kafka": broker, "postgresql": database}


if __name__ == "__main__":
    bench_idle(Results())
