"""Students in an answer, named as people know them.

A service's rows hold the engine's keys, and so do the answers that are made of them. The door puts them right on their way out
(`shared/web/door.py`), as it does the names in paths on their way in: otherwise `12345` in a list, which is the first child there, would
lead to the second child's page.
"""

import re
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.identifiers import student_id
from shared.key_holders import repository

FRESH: Final = 1.0
"""Seconds for which names are good. A roster takes longer from the door to the services."""

Names = Mapping[str, str]
"""The names of those children whose key has been another's, by `student_id`."""

ID: Final = b'"student_id"'
"""The field by which children are known: an answer without it names nobody."""

_VALUES: Final = re.compile(ID + rb': ?"([0-9a-f-]{36})"')


class KeyNames:
    """The names of a service's children, kept for a second: nearly every answer is about none of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._names: Names = {}
        self._read_at = -FRESH

    async def names(self) -> Names:
        """Names that are no older than a second."""
        if time.monotonic() - self._read_at >= FRESH:
            async with self._engine.connect() as connection:
                read = await repository.outward_of(connection, None)
            self._names = {str(student_id(school, student)): name for (school, student), name in read.items()}
            self._read_at = time.monotonic()
        return self._names


def named(answer: bytes, names: Names) -> bytes:
    """A JSON answer in which `student` beside `student_id` is the child's name. Pure.

    Naming twice is naming once: an id is the child's own for ever.
    """
    if not any(found.decode() in names for found in _VALUES.findall(answer)):
        return answer
    document = msgspec.json.decode(answer)
    _name(document, names)
    return msgspec.json.encode(document)


def _name(value: Any, names: Names) -> None:
    if isinstance(value, dict):
        name = names.get(str(value.get("student_id")))
        if name is not None and isinstance(value.get("student"), str):
            value["student"] = name
        value = value.values()
    elif not isinstance(value, list):
        return
    for part in value:
        _name(part, names)
