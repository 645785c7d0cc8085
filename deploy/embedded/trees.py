"""All migration trees, in the order they are built."""

from typing import Final

from shared.bus.embedded.bus import TREE as EMBEDDED_BUS
from shared.db.migrate import Tree

INGEST: Final = Tree("services.ingest", "ingest")
THRESHOLDS: Final = Tree("services.thresholds", "thresholds")
NOTIFIER: Final = Tree("services.notifier", "notifier")
MOE_SYNC: Final = Tree("services.moe_sync", "moe_sync")

TREES: Final = (EMBEDDED_BUS, INGEST, THRESHOLDS, NOTIFIER, MOE_SYNC)


def tree_of(schema: str) -> Tree:
    """The tree that builds a schema."""
    return next(tree for tree in TREES if tree.schema == schema)
