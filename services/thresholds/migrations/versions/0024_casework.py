"""Casework: contacts, meetings and support plans, with every version of each.

Revision ID: 0024
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE casework (
            id uuid PRIMARY KEY,
            kind text NOT NULL CHECK (kind IN ('contact', 'meeting', 'support-plan')),
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            at timestamptz NOT NULL,
            status text NOT NULL,
            due_on date,
            document jsonb NOT NULL,
            version int NOT NULL CHECK (version > 0),
            record_id uuid,
            response_id uuid,
            made_by text NOT NULL,
            made_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX casework_by_student ON casework (student_id, kind, at, id)")
    op.execute("CREATE INDEX casework_due ON casework (school, due_on) WHERE due_on IS NOT NULL")
    op.execute("CREATE INDEX casework_by_term ON casework (term, id)")
    op.execute(
        """
        CREATE TABLE casework_versions (
            item uuid NOT NULL REFERENCES casework ON DELETE CASCADE,
            version int NOT NULL,
            document jsonb NOT NULL,
            saved_by text NOT NULL,
            saved_at timestamptz NOT NULL,
            PRIMARY KEY (item, version)
        )
        """
    )


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE casework_versions")
    op.execute("DROP TABLE casework")
