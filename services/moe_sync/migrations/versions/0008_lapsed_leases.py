"""Finds leases that have lapsed beside whatever waits.

Revision ID: 0008
"""

from shared.db.indexes import create_index, drop_index
from shared.worklist.schema import WORKLIST_V3

revision = "0008"
down_revision = "0007"
outside_transaction = True


def upgrade() -> None:
    """Creates the index."""
    for name, on in WORKLIST_V3.items():
        create_index(name, on)


def downgrade() -> None:
    """Drops it."""
    for name in WORKLIST_V3:
        drop_index(name)
