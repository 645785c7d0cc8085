"""The table of parts, for the migrations of the services."""

from typing import Final

PARTS_V1: Final = """
CREATE TABLE parts (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('api', 'worker')),
    host text NOT NULL,
    version text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    refreshed timestamptz NOT NULL DEFAULT clock_timestamp(),
    said text NOT NULL
)
"""
"""`said` is what the process tells of itself, as JSON (`shared/parts/part.py`). Moments are the database's."""
