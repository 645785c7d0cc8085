"""The people of a school in front of the heart's API, with a clock that we turn and a register that we fill."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, decode
from shared.identifiers import SchoolNumber, star_record_id, student_id
from tests.integration.thresholds.conftest import NOW, Heart, absences
from tests.support.clock import ManualClock
from tests.support.tokens import bearer, local_token

SCHOOL, TERM = "0999", "2026-T4"
PROBLEM = "urn:nz-star:problem:"


_SAID = """
    SELECT topic, key, value, headers FROM outbox WHERE topic IN ('star.responses.v1', 'star.letter-holds.v1') ORDER BY id
"""


@dataclass
class Staffroom:
    """Asks as anybody, and reads what was said."""

    heart: Heart
    http: httpx.AsyncClient
    data: Path
    clock: ManualClock
    tokens: dict[Any, str] = field(default_factory=dict)

    async def as_(
        self,
        subject: str,
        role: Any,
        method: str,
        path: str,
        json: Any = None,
        *,
        groups: Sequence[str] = (),
        schools: str = SCHOOL,
        scopes: str = "star:read star:write",
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """One request as a member of staff."""
        key = (subject, role, tuple(groups), schools, scopes)
        if key not in self.tokens:
            self.tokens[key] = local_token(self.data, scopes.split(), schools.split(), subject=subject, role=role, groups=groups)
        auth = bearer(self.tokens[key]) | dict(headers or {})
        return await self.http.request(method, path, json=json, params=query or None, headers=auth)

    async def ok(self, method: str, path: str, json: Any = None, *, subject: str = "dean", role: Any = "manage", **more: Any) -> Any:
        """One request that goes well; its answer."""
        answer = await self.as_(subject, role, method, path, json, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, json: Any = None, *, subject: str = "dean", role: Any = "manage", **more: Any) -> Any:
        """One request that is refused: (status, problem)."""
        answer = await self.as_(subject, role, method, path, json, **more)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)

    async def student(self, student: str, *groups: str, year_level: int | None = None, school: str = SCHOOL) -> None:
        """Sends a student."""
        identity = student_id(SchoolNumber(school), student)
        data = StudentUpdated(
            school=school,
            student=student,
            student_id=identity,
            given_name="Hemi",
            family_name=f"Example {student}",
            year_level=year_level,
            groups=list(groups),
            updated_at=self.clock.now,
        )
        await self.heart.roster_handler([self.heart.event(STUDENT_UPDATED, str(identity), data)])

    async def crossed(self, student: str = "1", half_days: int = 10) -> str:
        """Has a student be absent from the first day of term on; answers the path of their record at five days."""
        await self.heart.post(absences(half_days, student=student))
        return record_path(student)

    async def said(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of staff's doings, in order: (type without its frame, data)."""
        found = []
        for row in await self.heart.rows(_SAID):
            event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
            assert isinstance(event, Event)
            data = {name: getattr(event.data, name) for name in event.data.__struct_fields__}
            found.append((event.type.name.removeprefix("nz.star.").removesuffix(".v1"), data))
        return found

    async def audit(self, **query: Any) -> list[dict[str, Any]]:
        """The audit log, newest first, as the principal reads it; lines of such reading are left out."""
        path = f"/v1/schools/{SCHOOL}/audit?{urlencode(query)}"
        items = (await self.ok("GET", path, subject="principal", role="admin"))["items"]
        return [item for item in items if item["action"] != "read-audit"]


def record_id(student: str = "1", threshold: int = 5) -> uuid.UUID:
    """The id of the record that a crossing opens."""
    return star_record_id(student_id(SchoolNumber(SCHOOL), student), TERM, threshold)


def record_path(student: str = "1", threshold: int = 5) -> str:
    """Where it is."""
    return f"/v1/star-records/{record_id(student, threshold)}"


def talked(**changes: Any) -> dict[str, Any]:
    """A response to be recorded."""
    return {"activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"} | changes


__all__ = ["NOW", "SCHOOL", "TERM", "ManualClock", "Staffroom", "record_id", "record_path", "talked"]
