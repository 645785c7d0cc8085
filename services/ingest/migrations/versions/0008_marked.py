"""When days of a school were first marked: from then on, an undated timetable does not change days that are over.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the column. Schools that are there count as marked: it was not noted until now."""
    op.execute("ALTER TABLE schools ADD COLUMN marked_at timestamptz")
    op.execute("UPDATE schools SET marked_at = updated_at")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE schools DROP COLUMN marked_at")
