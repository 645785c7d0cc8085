"""The moments' table, for the migrations of the schemas that are the source of facts."""

from typing import Final

MOMENTS_V1: Final = """
CREATE TABLE moments (
    name text PRIMARY KEY,
    at timestamptz NOT NULL
)
"""
