"""Corrections with their history, recalculations, and what letters need to reach a student's home.

Revision ID: 0002
"""

from alembic import op

from shared.worklist.schema import WORKLIST_V1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE corrections (
            school text COLLATE "C" NOT NULL,
            term text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            place int NOT NULL,
            was int NOT NULL,
            became int NOT NULL,
            was_recorded_at timestamptz NOT NULL,
            recorded_at timestamptz NOT NULL,
            received_at timestamptz NOT NULL,
            source text NOT NULL,
            PRIMARY KEY (school, term, student, place, recorded_at, received_at, became)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE recalculations (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            cause text NOT NULL CHECK (cause IN ('calendar', 'day-end')),
            terms text[] NOT NULL,
            state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'superseded')),
            after_term text COLLATE "C" NOT NULL DEFAULT '',
            after_student text COLLATE "C" NOT NULL DEFAULT '',
            rows_total int NOT NULL DEFAULT 0,
            rows_done int NOT NULL DEFAULT 0,
            crossings int NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            finished_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX recalculations_by_school ON recalculations (school, created_at DESC)")
    op.execute("CREATE TABLE day_ends (id uuid PRIMARY KEY, school text NOT NULL, day date NOT NULL)")
    op.execute("ALTER TABLE students ADD COLUMN caregivers int NOT NULL DEFAULT 0, ADD COLUMN addresses int NOT NULL DEFAULT 0")
    for statement in WORKLIST_V1:
        op.execute(statement)


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TABLE work_attempts, work, recalculations, corrections, day_ends")
    op.execute("ALTER TABLE students DROP COLUMN caregivers, DROP COLUMN addresses")
