"""Families' replies are a kind of casework.

Revision ID: 0030
"""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Allows the kind."""
    op.execute("ALTER TABLE casework DROP CONSTRAINT casework_kind_check")
    op.execute(
        """
        ALTER TABLE casework ADD CONSTRAINT casework_kind_check
            CHECK (kind IN ('contact', 'meeting', 'support-plan', 'reply')) NOT VALID
        """
    )
    op.execute("ALTER TABLE casework VALIDATE CONSTRAINT casework_kind_check")


def downgrade() -> None:
    """Refuses the kind again: replies go."""
    op.execute("DELETE FROM casework WHERE kind = 'reply'")
    op.execute("ALTER TABLE casework DROP CONSTRAINT casework_kind_check")
    op.execute("ALTER TABLE casework ADD CONSTRAINT casework_kind_check CHECK (kind IN ('contact', 'meeting', 'support-plan'))")
