"""The latest time that a worker has seen, and when the time of each work item was set.

Revision ID: 0010
"""

from alembic import op

from shared.clockwatch.schema import CLOCK_V1
from shared.worklist.schema import WORKLIST_V4

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the table, which the first look fills, and a column that work of the last release leaves empty."""
    op.execute(CLOCK_V1)
    op.execute(WORKLIST_V4)


def downgrade() -> None:
    """Drops them."""
    op.execute("ALTER TABLE work DROP COLUMN put_at")
    op.execute("DROP TABLE clock")
