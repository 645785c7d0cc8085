"""Terms that students brought from other schools.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Creates the table."""
    op.execute(
        """
        CREATE TABLE transfers (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            from_school text COLLATE "C" NOT NULL,
            exported_at timestamptz NOT NULL,
            document bytea NOT NULL,
            state text NOT NULL CHECK (state IN ('active', 'superseded', 'withdrawn')),
            imported_by text NOT NULL,
            imported_at timestamptz NOT NULL,
            withdrawn_by text,
            withdrawn_at timestamptz,
            CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX transfers_active ON transfers (student_id, term, from_school) WHERE state = 'active'")
    op.execute("CREATE INDEX transfers_by_student ON transfers (student_id, imported_at)")


def downgrade() -> None:
    """Drops the table."""
    op.execute("DROP TABLE transfers")
