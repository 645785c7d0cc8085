"""The groups of each student, so that a letter can name the dean of one.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the column. Students from before have none until they are sent again: their letters name the school's own person."""
    op.execute("ALTER TABLE contacts ADD COLUMN groups jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE contacts DROP COLUMN groups")
