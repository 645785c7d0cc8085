"""Work falls into shares, which claims go round.

Revision ID: 0013
"""

from alembic import op

from shared.db.indexes import create_index, drop_index
from shared.worklist.schema import WORKLIST_V5, WORKLIST_V6

revision = "0013"
down_revision = "0012"
outside_transaction = True


def upgrade() -> None:
    """Adds the column, and creates the index."""
    op.execute(WORKLIST_V5)
    for name, on in WORKLIST_V6.items():
        create_index(name, on)


def downgrade() -> None:
    """Drops both."""
    for name in WORKLIST_V6:
        drop_index(name)
    op.execute("ALTER TABLE work DROP COLUMN share")
