"""Questions about the effect of changes, and what a service needs that reads topics: consumed offsets and dead letters.

Revision ID: 0010
"""

from alembic import op

from shared.deadletters.schema import DEAD_LETTERS_V1, DEAD_LETTERS_V2
from shared.offsets.schema import OFFSETS_V1, OFFSETS_V1_DROP

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the tables. The release before reads no topic here, and knows none of them."""
    for statement in (*OFFSETS_V1, *DEAD_LETTERS_V1):
        op.execute(statement)
    for name, on in DEAD_LETTERS_V2.items():
        op.execute(f"CREATE INDEX {name} ON {on}")
    op.execute("ALTER TABLE dead_letters ADD COLUMN why text CHECK (why IS NULL OR state = 'discarded')")
    op.execute("CREATE TABLE proposals (id uuid PRIMARY KEY, school text NOT NULL, asked_at timestamptz NOT NULL, judged jsonb)")


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TABLE proposals, dead_letters")
    op.execute(OFFSETS_V1_DROP)
