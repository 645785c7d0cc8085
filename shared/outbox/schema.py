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
