"""The children behind keys that a school has given to more than one.

Revision ID: 0025
"""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Adds the table. The release before lists the letters of a key's first child."""
    op.execute(
        """
        CREATE TABLE key_holders (
            school text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            since timestamptz NOT NULL,
            PRIMARY KEY (school, key, student)
        )
        """
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE key_holders")
