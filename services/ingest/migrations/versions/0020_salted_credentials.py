"""The random half of a credential's password that was asked for under a key: with the key it makes the same password again.

Revision ID: 0020
"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Adds the column. A door of the release before leaves it empty."""
    op.execute("ALTER TABLE kamar_credentials ADD COLUMN salt bytea")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE kamar_credentials DROP COLUMN salt")
