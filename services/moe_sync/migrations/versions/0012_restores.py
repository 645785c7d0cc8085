"""Restores of the database, as they were found by what the bus knew.

Revision ID: 0012
"""

from alembic import op

from shared.offsets.schema import RESTORES_V1

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Creates the table."""
    op.execute(RESTORES_V1)


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE restores")
