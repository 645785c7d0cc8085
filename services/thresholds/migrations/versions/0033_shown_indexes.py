"""Lines of the audit log that were shown to many are found by what was shown, and by their school.

Revision ID: 0033
"""

from shared.audit.schema import SHOWN_INDEXES
from shared.db.indexes import create_index, drop_index

revision = "0033"
down_revision = "0032"
outside_transaction = True


def upgrade() -> None:
    """Builds the indexes."""
    for name, on in SHOWN_INDEXES.items():
        create_index(name, on)


def downgrade() -> None:
    """Drops them."""
    for name in SHOWN_INDEXES:
        drop_index(name)
