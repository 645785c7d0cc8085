"""The dates and sessions of students: when they are on the roll, and which sessions they attend.

Revision ID: 0014
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Creates the table. It has a row for each student of whom the school has sent a date or sessions, and keeps it when they have left."""
    op.execute(
        """
        CREATE TABLE enrolments (
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            starts_on date,
            leaves_on date,
            earlier jsonb NOT NULL,
            attends jsonb,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (school, student)
        )
        """
    )


def downgrade() -> None:
    """Drops the table: every mark counts again once its row is folded."""
    op.execute("DROP TABLE enrolments")
