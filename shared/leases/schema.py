"""The leases' table, for the migrations of the schemas in which something is led by one only."""

from typing import Final

LEASES_V1: Final = """
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder uuid,
    fence bigint NOT NULL DEFAULT 0,
    host text,
    since timestamptz,
    until timestamptz NOT NULL
)
"""
