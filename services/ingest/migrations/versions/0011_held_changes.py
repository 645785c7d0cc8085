"""Changes of a KAMAR document that wait for a person's decision.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the table."""
    op.execute(
        """
        CREATE TABLE held_changes (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL REFERENCES schools,
            document uuid NOT NULL,
            received_at timestamptz NOT NULL,
            students_off text[] NOT NULL,
            students_redated text[] NOT NULL,
            effect jsonb NOT NULL,
            known boolean NOT NULL,
            reasons text[] NOT NULL,
            digest bytea NOT NULL,
            state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'released', 'discarded', 'superseded')),
            settled_at timestamptz,
            settled_by text,
            why text,
            CHECK ((state = 'held') = (settled_at IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX held_changes_by_school ON held_changes (school, received_at DESC, id DESC)")
    op.execute("CREATE UNIQUE INDEX held_changes_one_held ON held_changes (school) WHERE state = 'held'")
    op.execute("CREATE INDEX held_changes_settled ON held_changes (settled_at) WHERE settled_at IS NOT NULL")


def downgrade() -> None:
    """Drops it: what was held is made by the next document that says it."""
    op.execute("DROP TABLE held_changes")
