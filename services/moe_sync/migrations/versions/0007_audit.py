"""The audit log of this service: who saw or changed what of which students.

Revision ID: 0007
"""

from alembic import op

from shared.audit import schema

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the table. A process of the release before writes no line."""
    for statement in schema.CREATE:
        op.execute(statement)


def downgrade() -> None:
    """Drops it."""
    for statement in schema.DROP:
        op.execute(statement)
