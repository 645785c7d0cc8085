"""Finds what was settled long ago, so that it can go.

Revision ID: 0003
"""

from alembic import op

from shared.db.indexes import create_index
from shared.worklist.schema import WORKLIST_V2

revision = "0003"
down_revision = "0002"
outside_transaction = True


def upgrade() -> None:
    """Creates the indexes."""
    for name, on in WORKLIST_V2.items():
        create_index(name, on)


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP INDEX work_settled")
