"""Messages of the outbox that the bus does not take are set aside.

Revision ID: 0012
"""

from alembic import op

from shared.outbox.schema import outbox_v2

revision = "0012"
down_revision = "0011"
outside_transaction = True


def upgrade() -> None:
    """Adds the column. A relay of the release before does not know it, and tries them again."""
    outbox_v2()


def downgrade() -> None:
    """Drops it: what was set aside is tried again."""
    op.execute("DROP INDEX outbox_refused")
    op.execute("ALTER TABLE outbox DROP COLUMN refused_at")
