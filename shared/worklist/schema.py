"""The worklist's tables, for the migrations of the services that have things to do."""

from typing import Final

WORKLIST_V1: Final = (
    """
    CREATE TABLE work (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        due_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'done', 'failed', 'cancelled')),
        attempts int NOT NULL DEFAULT 0,
        lease uuid,
        last_error text,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CHECK ((state = 'leased') = (lease IS NOT NULL))
    )
    """,
    "CREATE INDEX work_due ON work (kind, due_at) WHERE state IN ('waiting', 'leased')",
    """
    CREATE TABLE work_attempts (
        work_id uuid NOT NULL REFERENCES work ON DELETE CASCADE,
        attempt int NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        outcome text CHECK (outcome IN ('done', 'retry', 'failed')),
        detail text,
        PRIMARY KEY (work_id, attempt)
    )
    """,
)

WORKLIST_V2: Final = {"work_settled": "work (kind, settled_at) WHERE settled_at IS NOT NULL"}
"""Indexes for the retention of finished work."""
