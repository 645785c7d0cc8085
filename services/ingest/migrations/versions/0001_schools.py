"""Schools and the outbox.

Revision ID: 0001
"""

from alembic import op

from shared.outbox.schema import OUTBOX_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE schools (
            school text COLLATE "C" PRIMARY KEY CHECK (school ~ '^[0-9]{4}$'),
            document jsonb NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute(OUTBOX_V1)


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE schools, outbox")
