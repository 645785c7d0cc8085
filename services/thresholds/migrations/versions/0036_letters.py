"""Letters that went are a kind of casework.

Revision ID: 0036
"""

from alembic import op

from shared.db.indexes import add_check

revision = "0036"
down_revision = "0035"
outside_transaction = True


def upgrade() -> None:
    """Allows the kind."""
    add_check("casework", "casework_kind_check", "kind IN ('contact', 'meeting', 'support-plan', 'reply', 'letter')")


def downgrade() -> None:
    """Refuses it again: letters are forgotten here; the notifier has them."""
    op.execute("DELETE FROM casework_versions WHERE item IN (SELECT id FROM casework WHERE kind = 'letter')")
    op.execute("DELETE FROM casework WHERE kind = 'letter'")
    add_check("casework", "casework_kind_check", "kind IN ('contact', 'meeting', 'support-plan', 'reply')")
