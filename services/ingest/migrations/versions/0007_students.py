"""Students as they were published last, so that what a door leaves out stays as it was.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the table. A door of the release before does not write it: what it takes in meanwhile is caught up with by the next sending."""
    op.execute(
        """
        CREATE TABLE students (
            school text COLLATE "C" NOT NULL REFERENCES schools,
            student text COLLATE "C" NOT NULL,
            document jsonb NOT NULL,
            PRIMARY KEY (school, student)
        )
        """
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE students")
