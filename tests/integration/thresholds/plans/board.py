"""A school's board with its plan: the service as it runs, on a real database and bus, and a clock that we turn."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx

from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message, Publisher
from shared.events.catalogue import SCHOOL_UPDATED
from shared.events.data import SchoolUpdated, TermDates
from shared.events.envelope import Event, decode, new_event_id
from tests.support.polling import eventually
from tests.support.tokens import bearer, local_token

SCHOOL = "0999"
PLAN = f"/v1/schools/{SCHOOL}/plan"

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""Friday 20 November 2026, 15:00 in Auckland."""

WHOLE: dict[str, Any] = {
    "objectives": ["Every ākonga comes to school every day.", "By 2028, 80% of our students attend regularly."],
    "priorities": "Years 9 and 10 first:\n- Mondays\n- Fridays",
    "processes": {"patterns": "Deans look at absences every fortnight.", "barriers": "We ask at home for the reason."},
    "monitoring": {"measures": "Students at each step, each term.", "achievement_links": "Beside credits, twice a year."},
    "thresholds": {
        "expectations": {"strategies": "Whānau tell us by 8:45."},
        "5": {"strategies": "We ring within three days.", "actions": ["written-communication", "conversation-with-whanau"]},
        "10": {"strategies": "We meet, and write a plan of support.", "actions": ["meeting-with-whanau"]},
        "15": {"strategies": "Agencies help.", "actions": ["attendance-service-referral"]},
    },
    "approved_on": "2026-11-03",
    "approved_by": "Board of Ōtaki Example College",
    "effective_on": "2027-01-28",
    "review_on": "2029-11-02",
    "contact": {"name": "Attendance lead", "email": "attendance@otaki.example", "phone": "04 000 0000"},
}


def whole(**changes: Any) -> dict[str, Any]:
    """A plan that meets every point, but for what is changed."""
    return {name: value for name, value in (WHOLE | changes).items() if value is not ...}


class Board:
    """The parts that a test plays with."""

    def __init__(self, settings: ThresholdsSettings, publisher: Publisher) -> None:
        self.settings = settings
        self.now = NOW
        self.api = ""
        self.http = httpx.AsyncClient(timeout=20)
        self._publisher = publisher
        self._worker: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def clock(self) -> datetime:
        return self.now

    async def start(self) -> None:
        """Starts a worker."""
        self._stop = asyncio.Event()
        self._worker = asyncio.create_task(run_worker(self.settings, self._stop, clock=self.clock))

    async def stop(self) -> None:
        """Asks the worker to stop, and waits until it has."""
        if self._worker is not None:
            self._stop.set()
            await self._worker
            self._worker = None

    async def turn_to(self, moment: datetime) -> None:
        """Sets the clock, and wakes the worker as a timer would."""
        self.now = moment
        await self.sql("SELECT pg_notify('star_work_thresholds', '')")

    async def school(self, number: str = SCHOOL, **changes: Any) -> None:
        """Sends a school, and waits until it is known."""
        fields: dict[str, Any] = {
            "school": number,
            "name": "Ōtaki Example College",
            "terms": [TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))],
            "updated_at": self.now,
        }
        data = SchoolUpdated(**(fields | changes))
        await self._publisher.publish([Event(SCHOOL_UPDATED, new_event_id(), "/test", self.now, number, data).encode()])

        async def known() -> object:
            return await self.sql(f"SELECT document::jsonb ->> 'name' FROM thresholds.schools WHERE school = '{number}'")

        await eventually(known, [(data.name,)])

    # Requests.

    def token(self, *scopes: str, schools: tuple[str, ...] = (SCHOOL,), **claims: Any) -> dict[str, str]:
        scopes = scopes or ("star:read", "star:write")
        return bearer(local_token(self.settings.data, scopes, schools, subject="board-secretary", **claims))

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(self.api + path, params=params, headers=self.token())

    async def found(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def put(self, body: Any, path: str = PLAN) -> httpx.Response:
        return await self.http.put(self.api + path, json=body, headers=self.token())

    async def save(self, body: Any, path: str = PLAN) -> dict[str, Any]:
        answer = await self.put(body, path)
        assert answer.status_code == 200, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    async def publish(self, path: str = PLAN, **body: Any) -> httpx.Response:
        return await self.http.post(f"{self.api}{path}/publish", json=body, headers=self.token())

    async def published(self, body: Any) -> dict[str, Any]:
        """Saves a plan and publishes it."""
        await self.save(body)
        answer = await self.publish()
        assert answer.status_code == 200, answer.text
        published: dict[str, Any] = answer.json()
        return published

    async def public(self, path: str, **headers: str) -> httpx.Response:
        """Asks without a token, as everybody can."""
        return await self.http.get(self.api + path, headers=headers)

    # What can be seen.

    async def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Asks the database as its owner."""
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def said(self) -> list[Any]:
        """The data of the plans' events on the bus, in order."""
        rows = await self.sql("SELECT topic, key, value, headers FROM bus.messages WHERE topic = 'star.plans.v1' ORDER BY \"offset\"")
        events = [decode(Message(topic, 0, 0, key, value, headers_from_text(headers))) for topic, key, value, headers in rows]
        return [event.data for event in events if isinstance(event, Event)]
