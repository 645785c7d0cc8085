"""Finds what was settled long ago, so that it can go.

Revision ID: 0006
"""

from alembic import op

from shared.db.indexes import create_index
from shared.deadletters.schema import DEAD_LETTERS_V2
from shared.worklist.schema import WORKLIST_V2

revision = "0006"
down_revision = "0005"
outside_transaction = True


def upgrade() -> None:
    """Creates the indexes."""
    for name, on in (DEAD_LETTERS_V2 | WORKLIST_V2).items():
        create_index(name, on)


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP INDEX work_settled, dead_letters_settled")
