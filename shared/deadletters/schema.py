"""The dead letters' table, for the migrations of the services that read topics."""

from typing import Final

from alembic import op

from shared.db.indexes import add_check

DEAD_LETTERS_V1: Final = (
    """
    CREATE TABLE dead_letters (
        id uuid PRIMARY KEY,
        topic text NOT NULL,
        partition int NOT NULL,
        "offset" bigint NOT NULL,
        key bytea,
        value bytea,
        headers text NOT NULL,
        school text,
        reason text NOT NULL,
        detail text NOT NULL,
        count int NOT NULL CHECK (count > 0),
        state text NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'redriven', 'discarded')),
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CHECK ((state = 'kept') = (settled_at IS NULL))
    )
    """,
    "CREATE INDEX dead_letters_kept ON dead_letters (created_at, id) WHERE state = 'kept'",
    "CREATE INDEX dead_letters_by_school ON dead_letters (school, reason) WHERE state = 'kept'",
)

DEAD_LETTERS_V2: Final = {"dead_letters_settled": "dead_letters (settled_at) WHERE settled_at IS NOT NULL"}
"""Indexes for the retention of settled letters."""


def dead_letters_v3() -> None:
    """Adds the column that keeps why somebody gave a letter up, in their words."""
    op.execute("ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS why text")
    add_check("dead_letters", "dead_letters_why_check", "why IS NULL OR state = 'discarded'")
