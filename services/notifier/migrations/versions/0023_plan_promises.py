"""The response activities that a school's published plan names at each threshold: the house's letters promise no others.

Revision ID: 0023
"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Creates the table: a row for each school that has published a plan."""
    op.execute(
        """
        CREATE TABLE plan_promises (
            school text COLLATE "C" PRIMARY KEY,
            version int NOT NULL,
            activities jsonb NOT NULL
        )
        """
    )


def downgrade() -> None:
    """Drops the table: letters promise nothing."""
    op.execute("DROP TABLE plan_promises")
