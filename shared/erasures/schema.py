"""The table of erasures, for the migration of each service."""

from typing import Final

ERASURES_V1: Final = (
    # No name here: the school's key of a student and the id that is made of it are what registers are kept under.
    """
    CREATE TABLE erasures (
        student_id uuid PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        student text COLLATE "C" NOT NULL,
        erased_at timestamptz NOT NULL,
        applied_at timestamptz,
        removed jsonb NOT NULL DEFAULT '{}',
        kept jsonb NOT NULL DEFAULT '{}',
        why text
    )
    """,
    "CREATE INDEX erasures_by_time ON erasures (erased_at)",
)
ERASURES_V1_DROP: Final = "DROP TABLE erasures"
