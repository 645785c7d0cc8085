"""The time at which a crossing was taken back.

Revision ID: 0032
"""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Adds the column; of crossings that were taken back before it, the time is not known. An earlier release leaves it empty."""
    op.execute("ALTER TABLE crossings ADD COLUMN retracted_at timestamptz")


def downgrade() -> None:
    """Drops the column: a rehearsal takes such crossings as never having had a letter."""
    op.execute("ALTER TABLE crossings DROP COLUMN retracted_at")
