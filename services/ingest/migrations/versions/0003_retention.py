"""Finds what was settled long ago, so that it can go.

Revision ID: 0003
"""

from alembic import op

from shared.worklist.schema import WORKLIST_V2

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the indexes."""
    for statement in WORKLIST_V2:
        op.execute(statement)


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP INDEX work_settled")
