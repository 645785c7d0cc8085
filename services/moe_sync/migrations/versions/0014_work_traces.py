"""Work keeps the span that it comes of.

Revision ID: 0014
"""

from alembic import op

from shared.worklist.schema import WORKLIST_V7

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the column. Processes of the release before leave it empty."""
    op.execute(WORKLIST_V7)


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE work DROP COLUMN traceparent")
