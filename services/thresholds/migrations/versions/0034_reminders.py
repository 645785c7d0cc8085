"""Reminders of staff: the mornings that are planned, and what each person has been told of.

Revision ID: 0034
"""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Creates the tables."""
    op.execute('CREATE TABLE reminders (id uuid PRIMARY KEY, school text COLLATE "C" NOT NULL, day date NOT NULL, at time NOT NULL)')
    op.execute(
        """
        CREATE TABLE duties_told (
            duty uuid NOT NULL,
            account text NOT NULL,
            school text COLLATE "C" NOT NULL,
            told_at timestamptz NOT NULL,
            PRIMARY KEY (duty, account)
        )
        """
    )
    op.execute("CREATE INDEX duties_told_by_time ON duties_told (told_at)")


def downgrade() -> None:
    """Drops them; what was planned goes."""
    op.execute("DROP TABLE reminders, duties_told")
    op.execute("DELETE FROM work WHERE kind = 'reminders'")
