"""The moment at which a person kept a delivery from going.

Revision ID: 0036
"""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Adds the column; it is null for all that was cancelled before."""
    op.execute("ALTER TABLE deliveries ADD COLUMN asked_at timestamptz")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE deliveries DROP COLUMN asked_at")
