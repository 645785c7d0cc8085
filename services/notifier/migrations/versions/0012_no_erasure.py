"""Takes the work off the list that erased old letters: retention does so by itself.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Deletes the items, which nobody would ever claim."""
    op.execute("DELETE FROM work WHERE kind = 'erasure'")


def downgrade() -> None:
    """Nothing to bring back: the older version plans its own."""
