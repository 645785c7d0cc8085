"""All migration trees, in the order they are built."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.thresholds.register.repository.rows import NEWEST_FIRST
from shared.bus.embedded.bus import TREE as EMBEDDED_BUS
from shared.db.migrate import Tree

INGEST: Final = Tree("services.ingest", "ingest")
THRESHOLDS: Final = Tree("services.thresholds", "thresholds", steps=(NEWEST_FIRST,))
NOTIFIER: Final = Tree("services.notifier", "notifier")
MOE_SYNC: Final = Tree("services.moe_sync", "moe_sync")
CONSOLE: Final = Tree("services.console", "console", on_bus=False)

SERVICE_TREES: Final = (INGEST, THRESHOLDS, NOTIFIER, MOE_SYNC, CONSOLE)

TREES: Final = (EMBEDDED_BUS, *SERVICE_TREES)


REVISIONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"0.1.0": {"bus": "0001", "ingest": "0002", "thresholds": "0007", "notifier": "0005", "moe_sync": "0002"}}
)
"""Releases that do not start on a newer schema, with the newest revision of each. Later ones do, and are not here."""


def tree_of(schema: str) -> Tree:
    """The tree that builds a schema."""
    return next(tree for tree in TREES if tree.schema == schema)
