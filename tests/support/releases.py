"""The last release, beside which this tree must run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LAST: Final = "0.1.0"

COMMIT: Final = "661c820"
"""Its last commit, for where the tag is not there."""

HEADS: Final[Mapping[str, str]] = MappingProxyType(
    {"bus": "0001", "ingest": "0002", "thresholds": "0007", "notifier": "0005", "moe_sync": "0002"}
)
"""The newest revision of each schema in it. Renew all three as a release is made."""
