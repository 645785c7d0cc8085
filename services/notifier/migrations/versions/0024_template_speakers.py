"""The fluent speaker who has read a school's words in another language.

Revision ID: 0024
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Adds the column; null: nobody has said so."""
    op.execute("ALTER TABLE templates ADD COLUMN checked_by text")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE templates DROP COLUMN checked_by")
