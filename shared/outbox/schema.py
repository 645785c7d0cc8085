"""The outbox's table, for the migrations of the services that publish."""

from typing import Final

from alembic import op

from shared.db.indexes import create_index

OUTBOX_V1: Final = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea,
    headers text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)
"""


def outbox_v2() -> None:
    """Lets messages that the bus does not take be set aside."""
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS refused_at timestamptz")
    create_index("outbox_refused", "outbox (id) WHERE refused_at IS NOT NULL")
