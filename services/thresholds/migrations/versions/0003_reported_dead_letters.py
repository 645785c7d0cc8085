"""Dead letters that other services report, for the schools' data-quality report.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the table."""
    op.execute(
        """
        CREATE TABLE reported_dead_letters (
            id uuid PRIMARY KEY,
            service text NOT NULL,
            school text COLLATE "C" NOT NULL,
            topic text NOT NULL,
            reason text NOT NULL,
            count int NOT NULL CHECK (count > 0),
            reported_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX reported_dead_letters_by_school ON reported_dead_letters (school, reported_at)")


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE reported_dead_letters")
