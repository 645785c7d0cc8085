"""Reminders are a kind of e-mail to staff.

Revision ID: 0039
"""

from alembic import op

from shared.db.indexes import add_check

revision = "0039"
down_revision = "0038"
outside_transaction = True


def upgrade() -> None:
    """Allows the kind."""
    add_check("notices", "notices_kind_check", "kind IN ('staff-copy', 'digest', 'plan-review', 'release', 'duties')")


def downgrade() -> None:
    """Refuses it again: those e-mails go."""
    op.execute("DELETE FROM work WHERE id IN (SELECT id FROM notices WHERE kind = 'duties')")
    op.execute("DELETE FROM notices WHERE kind = 'duties'")
    add_check("notices", "notices_kind_check", "kind IN ('staff-copy', 'digest', 'plan-review', 'release')")
