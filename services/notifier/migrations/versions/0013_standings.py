"""The version of a student's standing that each case knows, what each delivery told a family, and letters of correction.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the columns. A worker of the release before leaves them empty: its letters are neither written anew nor corrected."""
    op.execute("ALTER TABLE cases ADD COLUMN standing int NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE deliveries ADD COLUMN standing int, ADD COLUMN told jsonb, ADD COLUMN corrects uuid")


def downgrade() -> None:
    """Drops them. Corrections that wait are no letters to the release before."""
    op.execute("UPDATE deliveries SET status = 'cancelled', reason = 'correction' WHERE corrects IS NOT NULL AND status = 'waiting'")
    op.execute("ALTER TABLE deliveries DROP COLUMN standing, DROP COLUMN told, DROP COLUMN corrects")
    op.execute("ALTER TABLE cases DROP COLUMN standing")
