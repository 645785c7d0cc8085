"""Names for what other services know by number only: asked of the thresholds' service, for those whom this person may see."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.console.asking.apis import Api

AT_ONCE: Final = 100
"""Students or records of one question."""


async def students_named(thresholds: Api, school: str, students: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """The students of these numbers, by number. Those who have left, or can't be had, are not in it."""
    return await _named(thresholds, f"/v1/schools/{school}/students", "student", "student", students)


async def records_named(thresholds: Api, school: str, records: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """The STAR records of these ids, by id, with their students' names and all their responses."""
    return await _named(thresholds, f"/v1/schools/{school}/star-records", "record", "id", records, include_withdrawn=True)


async def _named(thresholds: Api, path: str, parameter: str, key: str, wanted: Iterable[str], **query: Any) -> dict[str, dict[str, Any]]:
    distinct = sorted(set(wanted))
    chunks = [distinct[start : start + AT_ONCE] for start in range(0, len(distinct), AT_ONCE)]
    parts = await asyncio.gather(*(thresholds.get(path, **{parameter: chunk}, **query, limit=AT_ONCE) for chunk in chunks))
    return {item[key]: item for part in parts for item in (part.data["items"] if part.data else [])}
