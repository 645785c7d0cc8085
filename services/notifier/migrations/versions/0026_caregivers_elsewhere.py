"""The caregivers under other keys of a child: those who must not be written to there get no letter at all.

Revision ID: 0026
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Adds the column; a student with one key has nobody in it."""
    op.execute("ALTER TABLE contacts ADD COLUMN caregivers_elsewhere jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    """Drops the column: what stands under another key stops no letter."""
    op.execute("ALTER TABLE contacts DROP COLUMN caregivers_elsewhere")
