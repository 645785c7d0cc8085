"""The runs of days that schools want to hear of.

Revision ID: 0028
"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Creates the table."""
    op.execute(
        """
        CREATE TABLE watches (
            school text COLLATE "C" PRIMARY KEY,
            absent_in_a_row smallint CHECK (absent_in_a_row > 0),
            unexplained_in_a_row smallint CHECK (unexplained_in_a_row > 0),
            back_after smallint CHECK (back_after > 0)
        )
        """
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE watches")
