"""The README of the Helm chart: its values, with the comments that stand above them in `values.yaml`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

VALUES: Final = Path("deploy/helm/star/values.yaml")
PAGE: Final = Path("deploy/helm/star/README.md")

_KEY: Final = re.compile(r"^( *)([\w-]+):")
_MARK: Final = "# -- "

_HEAD: Final = """# The chart `star`

A Deployment for each API and worker, with probes, disruption budgets, network policies, and a job that brings schemas and topics up to date
before each install and upgrade. Kafka, PostgreSQL and the issuer of tokens are yours: see
[Run it on Kubernetes](../../../docs/how-to/run-on-kubernetes.md).

| value | default | meaning |
|---|---|---|
"""

_FOOT: Final = """
Written by `make reference` from `values.yaml`. `values.schema.json` has the form of each value, and Helm refuses others.
"""


def page() -> str:
    """The page, as it should be."""
    text = VALUES.read_text(encoding="utf-8")
    rows = [f"| `{path}` | `{json.dumps(default)}` | {meaning} |" for path, default, meaning in values(text)]
    return _HEAD + "\n".join(rows) + "\n" + _FOOT


def values(text: str) -> Iterator[tuple[str, Any, str]]:
    """Each value with a comment of its own: path, default and comment."""
    tree = yaml.safe_load(text)
    above: list[tuple[int, str]] = []
    comment = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(_MARK):
            comment = stripped.removeprefix(_MARK)
        elif key := _KEY.match(line):
            depth = len(key[1])
            above = [(at, name) for at, name in above if at < depth] + [(depth, key[2])]
            if comment:
                names = [name for _, name in above]
                yield ".".join(names), _at(tree, names), comment
            comment = ""


def _at(tree: Any, names: list[str]) -> Any:
    for name in names:
        tree = tree[name]
    return tree
