"""The worklist's tables, for the migrations of the services that have things to do."""

from typing import Final

from shared.telemetry.tracing import SERVER_SETTING

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

WORKLIST_V3: Final = {"work_leased": "work (kind, due_at) WHERE state = 'leased'"}
"""Indexes for the leases that have lapsed: they are looked for apart from what waits, which may be a hundred thousand times as much."""

WORKLIST_V4: Final = "ALTER TABLE work ADD COLUMN put_at timestamptz"
"""When an item's time was set, by the clock of the host that set it; NULL where a release before set it, or where the calendar did."""

WORKLIST_V5: Final = "ALTER TABLE work ADD COLUMN IF NOT EXISTS share smallint NOT NULL DEFAULT 0"
"""The share of its kind that an item is in; what a release before puts on the list is in the first."""

WORKLIST_V6: Final = {"work_waiting": "work (kind, share, due_at) WHERE state = 'waiting'"}
"""Indexes for claims that go round between shares."""

WORKLIST_V7: Final = f"""
    ALTER TABLE work ADD COLUMN IF NOT EXISTS traceparent text DEFAULT nullif(current_setting('{SERVER_SETTING}', true), '')
"""
"""The span that puts an item on the list, which the transaction knows where there is one."""
