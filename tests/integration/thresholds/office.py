"""A school's office that asks for its analysis and its report, and the students and marks behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from shared.auth.keys import signing_key
from shared.auth.tokens import issue_token
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import NOW, Heart, absences

FRIDAY_EVENING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
"""A day of the term's sixth week: 29 school days have been, for Labour Day was none."""

HALF_DAYS = 58
"""Half days of these school days."""


@dataclass
class Office:
    """Somebody at a school who asks for `path`, or for another one."""

    http: httpx.AsyncClient
    data: Path
    path: str

    def token(self, scopes: str = "star:read", schools: str = "0999", **more: Any) -> str:
        times: dict[str, Any] = {"now": datetime.now(UTC), "valid_for": timedelta(days=1)}
        return issue_token(signing_key(self.data), subject="tests", scopes=scopes.split(), schools=schools.split(), **times, **more)

    async def get(self, path: str | None = None, *, token: str | None = None, accept: str = "*/*", **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token()}", "Accept": accept}
        return await self.http.get(path or self.path, params=query, headers=headers)

    async def read(self, path: str | None = None, **query: Any) -> Any:
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def send_students(heart: Heart, numbers: range, year_level: int, *groups: str, key: Callable[[int], str]) -> None:
    messages = []
    for number in numbers:
        identity = student_id(SchoolNumber("0999"), key(number))
        data = StudentUpdated(
            school="0999",
            student=key(number),
            student_id=identity,
            given_name="Hemi",
            family_name=f"Example{number}",
            year_level=year_level,
            groups=list(groups),
            updated_at=NOW,
        )
        messages.append(heart.event(STUDENT_UPDATED, str(identity), data))
    await heart.roster_handler(messages)


async def mark_term(heart: Heart, missed: Mapping[str, int]) -> None:
    """Marks every half day so far: of each student, the first ones as missed and the others as present."""
    for student, half_days in missed.items():
        await heart.post(absences(half_days, student=student))
        await heart.post(absences(HALF_DAYS - half_days, student=student, code="P", first=half_days))
