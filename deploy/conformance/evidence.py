"""The state of the proving ground as the engine's APIs answer it, each question asked once."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import httpx

from deploy.conformance.ground import NUMBER, Ground
from deploy.patience import problem_detail

SCHOOL: Final = f"/v1/schools/{NUMBER}"
PAGE: Final = 200


class EvidenceError(Exception):
    """The engine could not be asked. The message is for people; `status` is that of a refusal."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Evidence:
    """Answers about the ground. The client has the engine's address and a token of the school's."""

    def __init__(self, http: httpx.AsyncClient, ground: Ground, apis: Mapping[str, str]) -> None:
        self.ground = ground
        self._http = http
        self._apis = apis
        self._answers: dict[str, Any] = {}

    async def school(self) -> dict[str, Any] | None:
        """The school as it was last sent."""
        school: dict[str, Any] | None = await self._ask("ingest", SCHOOL)
        return school

    async def students(self) -> dict[str, dict[str, Any]]:
        """The students of the list, by key."""
        found: dict[str, dict[str, Any]] = {}
        cursor = ""
        while True:
            page = await self._ask("thresholds", f"{SCHOOL}/students?term={self.ground.term}&limit={PAGE}{cursor}")
            if page is None:
                return found
            found |= {item["student"]: item for item in page["items"]}
            if not page["next"]:
                return found
            cursor = f"&cursor={httpx.QueryParams({'cursor': page['next']})['cursor']}"

    async def attendance(self, student: str) -> dict[str, Any] | None:
        """A student's term; None where nothing came."""
        answer: dict[str, Any] | None = await self._ask("thresholds", f"{SCHOOL}/students/{student}/attendance?term={self.ground.term}")
        return answer

    async def day(self, student: str, day: date) -> dict[str, Any] | None:
        """A day of a student's; None where it has no mark."""
        attendance = await self.attendance(student)
        days = attendance["days"] if attendance else []
        found: dict[str, Any] | None = next((one for one in days if one["date"] == day.isoformat() and one["marks"]), None)
        return found

    async def caregivers(self, student: str) -> list[dict[str, Any]]:
        """A student's caregivers."""
        answer = await self._ask("notifier", f"{SCHOOL}/students/{student}/caregivers")
        return answer["items"] if answer else []

    async def kamar_documents(self) -> list[dict[str, Any]]:
        """The pushes that came through KAMAR's door."""
        answer = await self._ask("ingest", f"{SCHOOL}/kamar-documents")
        return answer["items"] if answer else []

    async def witnessed(self) -> dict[str, Any] | None:
        """The requests that the ground's own witness saw; None where there is none, as in a cluster."""
        seen: dict[str, Any] | None = await self._ask("sandbox", "/conform/requests")
        return seen

    async def _ask(self, api: str, path: str) -> Any:
        """The answer's JSON; None for 404, and where this set-up has no such API."""
        if api not in self._apis:
            return None
        address = self._apis[api] + path
        if address not in self._answers:
            try:
                answer = await self._http.get(address)
            except httpx.HTTPError as error:
                raise EvidenceError(f"{self._apis[api]} does not answer ({type(error).__name__})") from error
            if answer.status_code != httpx.codes.NOT_FOUND and not answer.is_success:
                raise EvidenceError(f"{api}: {answer.status_code}, {problem_detail(answer)}", answer.status_code)
            self._answers[address] = answer.json() if answer.is_success else None
        return self._answers[address]
