"""The reference of all metrics, written from their own definitions."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from prometheus_client import REGISTRY

from shared.telemetry import metrics, pools

PAGE: Final = Path("docs/reference/metrics.md")
SOURCE: Final = Path(metrics.__file__)

_HEAD: Final = """# Metrics

At the end you know each number that a process of the engine gives to Prometheus, and whose it is.

Each service has `/metrics`, also in one process (`star run`), where `/ingest/metrics` has the numbers of ingest and of the process, and so
on for the others. Workers that run alone serve theirs beside their health. Labels hold names and ids of the engine's own: never a school,
a student or an address. Histograms have `_bucket`, `_sum` and `_count`; no series says when another one began.

The APIs measure waiting things (lag, outbox, work, dead letters, letters, subscriptions) every 15 seconds, so that these numbers rise while
workers are dead. With several APIs of a service, take the `max`. The time of `star_last_success_timestamp_seconds{what="backup"}` is in
the file `last-backup` of the data folder; whoever makes backups writes it there (`date -u +%FT%TZ > DIR/last-backup`).

This page is written by `make reference` from the definitions. [The dashboards and alarms](../how-to/watch-it.md) use these names.
"""


def page() -> str:
    """The page, as it should be."""
    lines = [_HEAD, "| metric | type | labels | of | meaning |", "|---|---|---|---|---|"]
    for name, kind, labels, meaning in catalogue():
        owner = metrics.OWNERS.get(name.removesuffix("_total"))
        of = owner.replace("_", "-") if owner else "the service that a label names" if {"service", "group"} & set(labels) else "the process"
        lines.append(f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {of} | {meaning} |")
    return "\n".join(lines) + "\n"


def catalogue() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name as Prometheus has it, type, labels and meaning of each metric, by name."""
    remarks = _remarks()
    found: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for constant, metric in vars(metrics).items():
        if not hasattr(metric, "_documentation") or not hasattr(metric, "_labelnames"):
            continue
        kind = str(metric._type)
        name = metric._name + {"counter": "_total", "info": "_info"}.get(kind, "")
        labels = ("version",) if kind == "info" else tuple(metric._labelnames)
        found[name] = (kind, labels, ". ".join(filter(None, (metric._documentation, remarks.get(constant, "")))))
    found[pools.NAME] = ("gauge", ("service", "state"), pools.MEANING)
    for name, (kind, labels, meaning) in sorted(found.items()):
        yield name, kind, labels, re.sub(r"\s+", " ", meaning).replace("|", "\\|")


def series() -> set[str]:
    """Every name that a query may use: histograms by their parts."""
    names: set[str] = set()
    for name, kind, _, _ in catalogue():
        names |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names | {family.name for family in REGISTRY.collect() if family.name.startswith("process_")} | {"process_cpu_seconds_total"}


def _remarks() -> dict[str, str]:
    """The string below each definition: what the values of a label mean."""
    body: list[Any] = ast.parse(SOURCE.read_text(encoding="utf-8")).body
    return {
        node.target.id: str(remark.value.value)
        for node, remark in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(remark, ast.Expr)
        and isinstance(remark.value, ast.Constant)
    }
