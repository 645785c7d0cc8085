"""Fields of a school that the release before does not know stand beside its document.

Revision ID: 0024
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Adds the column. The release before leaves it as it is: a school that is sent through it keeps what stands there."""
    op.execute("ALTER TABLE schools ADD COLUMN beside jsonb NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Puts the fields back into the documents."""
    op.execute("UPDATE schools SET document = document || beside")
    op.execute("ALTER TABLE schools DROP COLUMN beside")
