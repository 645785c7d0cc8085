"""The key that seals the cursors of lists by name.

Revision ID: 0035
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Creates the table, and draws the key."""
    op.execute(
        """
        CREATE TABLE cursor_keys (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            key bytea NOT NULL CHECK (length(key) = 32)
        )
        """
    )
    op.execute(sa.text("INSERT INTO cursor_keys (key) VALUES (:key)").bindparams(key=secrets.token_bytes(32)))


def downgrade() -> None:
    """Drops it; readers of a list by name begin again."""
    op.execute("DROP TABLE cursor_keys")
