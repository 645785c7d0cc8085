"""The request that made a subscription's secret, where it came under a key: sent again, it makes no further secret.

Revision ID: 0029
"""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Adds the column. An API of the release before leaves it as it is: its own rotations are no repetition of one."""
    op.execute("ALTER TABLE subscriptions ADD COLUMN rotated_under uuid")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE subscriptions DROP COLUMN rotated_under")
