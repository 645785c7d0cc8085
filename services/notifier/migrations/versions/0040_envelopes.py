"""Letters of one day to one family go in one e-mail.

Revision ID: 0040
"""

from alembic import op

from shared.db.indexes import create_index, drop_index

revision = "0040"
down_revision = "0039"
outside_transaction = True


def upgrade() -> None:
    """Adds the columns, null for all that there is, and what they are looked up by."""
    op.execute("ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS envelope uuid, ADD COLUMN IF NOT EXISTS sent_with uuid")
    create_index("deliveries_by_envelope", "deliveries (envelope) WHERE envelope IS NOT NULL")
    create_index("deliveries_by_sent_with", "deliveries (sent_with) WHERE sent_with IS NOT NULL")


def downgrade() -> None:
    """Drops them: letters that wait go one by one."""
    drop_index("deliveries_by_sent_with")
    drop_index("deliveries_by_envelope")
    op.execute("ALTER TABLE deliveries DROP COLUMN IF EXISTS envelope, DROP COLUMN IF EXISTS sent_with")
