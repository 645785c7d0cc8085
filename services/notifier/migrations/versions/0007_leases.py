"""Leases: the right of one process to lead something.

Revision ID: 0007
"""

from alembic import op

from shared.leases.schema import LEASES_V1

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Creates the table."""
    op.execute(LEASES_V1)


def downgrade() -> None:
    """Drops it: whoever leads then holds a lock on a connection, as before."""
    op.execute("DROP TABLE leases")
