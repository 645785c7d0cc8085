"""Takes the work off the list that deleted KAMAR documents: retention does so by itself.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Deletes the items, which nobody would ever claim."""
    op.execute("DELETE FROM work WHERE kind = 'kamar-forgetting'")


def downgrade() -> None:
    """Nothing to bring back: the older version plans its own."""
