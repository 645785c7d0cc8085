"""The latest time that the logs' retention has seen: a clock that is far past it is doubted.

Revision ID: 0004
"""

from alembic import op

from shared.clockwatch.schema import CLOCK_V1

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table. The first look fills it."""
    op.execute(CLOCK_V1)


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE clock")
