"""The format's JSON Schema, as it is published."""

from functools import cache
from importlib.resources import files
from typing import Final

NAME: Final = "upload.schema.json"


@cache
def schema_bytes() -> bytes:
    """The schema (JSON Schema 2020-12), byte for byte as it is in docs/reference."""
    return (files(__package__) / NAME).read_bytes()
