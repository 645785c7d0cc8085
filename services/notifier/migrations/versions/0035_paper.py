"""Letters on paper: a further channel of deliveries.

Revision ID: 0035
"""

from alembic import op

from shared.db.indexes import add_check

revision = "0035"
down_revision = "0034"
outside_transaction = True


def upgrade() -> None:
    """Lets deliveries be on paper."""
    add_check("deliveries", "deliveries_channel_check", "channel IN ('email', 'text', 'paper')")


def downgrade() -> None:
    """Refuses paper again; letters on paper that waited do not go."""
    op.execute(
        """
        UPDATE deliveries SET channel = 'email', status = CASE WHEN status = 'waiting' THEN 'cancelled' ELSE status END,
            reason = CASE WHEN status = 'waiting' THEN 'by-staff' ELSE reason END
        WHERE channel = 'paper'
        """
    )
    add_check("deliveries", "deliveries_channel_check", "channel IN ('email', 'text')")
