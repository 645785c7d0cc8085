"""The processes of the service, as they announce themselves.

Revision ID: 0002
"""

from alembic import op

from shared.parts.schema import PARTS_V1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the table."""
    op.execute(PARTS_V1)


def downgrade() -> None:
    """Drops the table."""
    op.execute("DROP TABLE parts")
