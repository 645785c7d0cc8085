"""The outbox's table, for the migrations of the services that publish."""

from typing import Final

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

OUTBOX_V2: Final = (
    "ALTER TABLE outbox ADD COLUMN refused_at timestamptz",
    "CREATE INDEX outbox_refused ON outbox (id) WHERE refused_at IS NOT NULL",
)
"""Messages that the bus does not take are set aside."""
