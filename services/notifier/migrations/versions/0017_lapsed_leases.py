"""Finds leases that have lapsed beside whatever waits, and keeps when a receiver that fails is asked again.

Revision ID: 0017
"""

from alembic import op

from shared.db.indexes import create_index, drop_index
from shared.worklist.schema import WORKLIST_V3

revision = "0017"
down_revision = "0016"
outside_transaction = True


def upgrade() -> None:
    """Adds the column, and creates the index."""
    op.execute("ALTER TABLE subscriptions ADD COLUMN IF NOT EXISTS probe_at timestamptz")
    for name, on in WORKLIST_V3.items():
        create_index(name, on)


def downgrade() -> None:
    """Drops both."""
    for name in WORKLIST_V3:
        drop_index(name)
    op.execute("ALTER TABLE subscriptions DROP COLUMN probe_at")
