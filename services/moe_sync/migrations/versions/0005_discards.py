"""Keeps why a dead letter was given up.

Revision ID: 0005
"""

from alembic import op

from shared.deadletters.schema import DEAD_LETTERS_V3

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column."""
    for statement in DEAD_LETTERS_V3:
        op.execute(statement)


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE dead_letters DROP COLUMN why")
