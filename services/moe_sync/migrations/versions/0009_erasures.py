"""The list of erasures.

Revision ID: 0009
"""

from alembic import op

from shared.erasures.schema import ERASURES_V1, ERASURES_V1_DROP

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the table."""
    for statement in ERASURES_V1:
        op.execute(statement)


def downgrade() -> None:
    """Drops it."""
    op.execute(ERASURES_V1_DROP)
