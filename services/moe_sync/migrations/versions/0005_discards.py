"""Keeps why a dead letter was given up.

Revision ID: 0005
"""

from alembic import op

from shared.deadletters.schema import dead_letters_v3

revision = "0005"
down_revision = "0004"
outside_transaction = True


def upgrade() -> None:
    """Adds the column."""
    dead_letters_v3()


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE dead_letters DROP COLUMN why")
