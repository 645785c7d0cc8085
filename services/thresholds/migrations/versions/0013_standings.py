"""The version of the standing of each student who has reached a threshold, with a digest of what it said.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Creates the table. It fills as standings change: whoever reads them has the crossing until then."""
    op.execute(
        """
        CREATE TABLE standings (
            student_id uuid NOT NULL,
            term text NOT NULL,
            version int NOT NULL CHECK (version > 0),
            digest bytea NOT NULL,
            PRIMARY KEY (student_id, term)
        )
        """
    )


def downgrade() -> None:
    """Drops the table."""
    op.execute("DROP TABLE standings")
