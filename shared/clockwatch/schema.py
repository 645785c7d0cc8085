"""The table of the latest time that a service has seen, for its migrations."""

from typing import Final

CLOCK_V1: Final = """
CREATE TABLE clock (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    last_seen timestamptz NOT NULL
)
"""
