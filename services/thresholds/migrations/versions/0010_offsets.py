"""The offsets that each group has consumed, kept with the state that it made of them, and the gaps in the log.

Revision ID: 0010
"""

from alembic import op

from shared.offsets.schema import ADOPT_WHERE_IN_USE, OFFSETS_V1, OFFSETS_V1_DROP

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Creates the tables."""
    for statement in (*OFFSETS_V1, ADOPT_WHERE_IN_USE):
        op.execute(statement)


def downgrade() -> None:
    """Drops them: groups go on from what they have committed to the bus."""
    op.execute(OFFSETS_V1_DROP)
