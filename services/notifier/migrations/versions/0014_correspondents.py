"""Schools' decisions about the words that their systems use of caregivers.

Revision ID: 0014
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the table. A worker of the release before does not read it: it writes to everybody with `notify`."""
    op.execute(
        """
        CREATE TABLE caregiver_decisions (
            school text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            decision text NOT NULL CHECK (decision IN ('write', 'never')),
            decided_by text NOT NULL,
            decided_at timestamptz NOT NULL,
            PRIMARY KEY (school, key)
        )
        """
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE caregiver_decisions")
