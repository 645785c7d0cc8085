"""The upload service as it runs, on a real database and bus, with the sandbox's Ministry at the other end and a clock that we turn."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker
from shared.auth.principal import Role
from shared.bus.interface import Outgoing, Publisher
from shared.events.catalogue import (
    RECORD_UPDATED,
    RESPONSE_AMENDED,
    RESPONSE_RECORDED,
    RESPONSE_WITHDRAWN,
    SCHOOL_UPDATED,
    STUDENT_UPDATED,
)
from shared.events.data import (
    RecordUpdated,
    ResponseAmended,
    ResponseRecorded,
    ResponseWithdrawn,
    SchoolUpdated,
    StudentUpdated,
    TermDates,
)
from shared.events.envelope import Event, new_event_id
from shared.identifiers import star_record_id, student_id
from tests.support.clock import ManualClock
from tests.support.crossings import crossing
from tests.support.polling import eventually
from tests.support.tokens import bearer, local_token

SCHOOL = "0999"
TERM = TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))

MONDAY = datetime(2026, 10, 18, 20, tzinfo=UTC)
"""Monday 19 October 2026, 9:00 in Auckland: the start of the week 2026-W43."""

CLOSE = datetime(2026, 10, 23, 5, tzinfo=UTC)
"""Friday 23 October 2026, 18:00 there."""

WEEK = timedelta(days=7)


def tier(half_days: int) -> Any:
    return ("green", "yellow", "orange", "red")[min(half_days // 10, 3)]


class Office:
    """The parts that a test plays with."""

    def __init__(self, database_url: str, data: Path, clock: ManualClock, publisher: Publisher, ministry: str) -> None:
        self.clock = clock
        self.data = data
        self.ministry = ministry
        self.settings = MoeSyncSettings(
            data=data,
            database_url=database_url,
            ministry_url=f"{ministry}/ministry",
            event_lag=timedelta(0),
            # Tests turn the clock by terms between two workers.
            clock_standing=timedelta(0),
            # The first attempt of a process builds TLS contexts and schemas: on a busy machine that takes seconds.
            upload_timeout=timedelta(seconds=20),
        )
        self.api = ""
        self.http = httpx.AsyncClient(timeout=10)
        self._publisher = publisher
        self._worker: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def monotonic(self) -> float:
        """Seconds that pass as the clock is turned."""
        return self.clock.now.timestamp()

    # The worker.

    async def start(self, **settings: Any) -> None:
        """Starts a worker, with other settings where they are given."""
        self._stop = asyncio.Event()
        own = self.settings.model_copy(update=settings)
        self._worker = asyncio.create_task(run_worker(own, self._stop, clock=self.clock, monotonic=self.monotonic))

    async def stop(self) -> None:
        """Asks the worker to stop, and waits until it has."""
        if self._worker is not None:
            self._stop.set()
            await self._worker
            self._worker = None

    async def kill(self) -> None:
        """Ends the worker where it stands, as far as that can be done inside a process: nothing is drained, nothing settled."""
        assert self._worker is not None
        loops = [task for task in asyncio.all_tasks() if task.get_name().startswith("upload-")]
        for task in [*loops, self._worker]:
            task.cancel()
        await asyncio.gather(*loops, self._worker, return_exceptions=True)
        self._worker = None

    async def turn_to(self, moment: datetime) -> None:
        """Sets the clock, and wakes the worker as a timer would."""
        self.clock.now = moment
        await self.sql("SELECT pg_notify('star_work_moe_sync', '')")

    # Events.

    async def publish(self, *events: Outgoing) -> None:
        """Puts events on the bus, and waits until the worker has read all that is there."""
        await self._publisher.publish(events)
        if self._worker is not None:
            await self.caught_up()

    async def caught_up(self) -> None:
        """Waits until the worker has read all that is on the bus."""

        async def behind() -> int:
            rows = await self.sql(
                """
                SELECT coalesce(sum(p.next_offset - coalesce(o.next_offset, 0)), 0) AS behind FROM bus.partitions p
                LEFT JOIN bus.offsets o ON o.topic = p.topic AND o.partition = p.partition
                    AND o.consumer_group = CASE WHEN p.topic = 'star.schools.v1' THEN 'moe_sync.schools' ELSE 'moe_sync.records' END
                WHERE p.topic IN ('star.schools.v1', 'star.crossings.v1', 'star.responses.v1')
                """
            )
            return int(rows[0]["behind"])

        await eventually(behind, 0)

    def school(self, number: str = SCHOOL, **changes: Any) -> Outgoing:
        fields: dict[str, Any] = {"school": number, "name": "Example Kura", "terms": [TERM], "updated_at": self.clock.now}
        return Event(SCHOOL_UPDATED, new_event_id(), "/test", self.clock.now, number, SchoolUpdated(**(fields | changes))).encode()

    def crossed(
        self, student: str = "12345", threshold: Any = 5, *, half_days: int = 10, sequence: int = 1, school: str = SCHOOL
    ) -> Outgoing:
        return self._crossing("up", student, threshold, half_days, sequence, school)

    def retracted(
        self, student: str = "12345", threshold: Any = 5, *, half_days: int = 9, sequence: int = 1, school: str = SCHOOL
    ) -> Outgoing:
        return self._crossing("down", student, threshold, half_days, sequence, school)

    def closed(self, student: str = "12345", threshold: Any = 5, status: Any = "closed", school: str = SCHOOL) -> Outgoing:
        who = student_id(school, student)
        return self.updated(star_record_id(who, TERM.term, threshold), student, threshold, status, school)

    def updated(self, record: UUID, student: str, threshold: Any, status: Any = "open", school: str = SCHOOL) -> Outgoing:
        who = student_id(school, student)
        data = RecordUpdated(
            record_id=record,
            school=school,
            student=student,
            student_id=who,
            term=TERM.term,
            threshold=threshold,
            status=status,
            updated_at=self.clock.now,
        )
        return Event(RECORD_UPDATED, new_event_id(), "/test", self.clock.now, str(who), data).encode()

    def responded(
        self, student: str = "12345", threshold: Any = 5, *, response: UUID | None = None, record: UUID | None = None, school: str = SCHOOL
    ) -> Outgoing:
        who = student_id(school, student)
        data = ResponseRecorded(
            response_id=response or uuid4(),
            record_id=record or star_record_id(who, TERM.term, threshold),
            school=school,
            student=student,
            student_id=who,
            term=TERM.term,
            threshold=threshold,
            activity="conversation-with-whanau",
            occurred_on=self.clock.now.date(),
            recorded_at=self.clock.now,
        )
        return Event(RESPONSE_RECORDED, str(data.response_id), "/test", self.clock.now, str(who), data).encode()

    def _crossing(self, direction: Any, student: str, threshold: Any, half_days: int, sequence: int, school: str) -> Outgoing:
        return crossing(
            direction,
            threshold,
            half_days,
            tiers=("green" if direction == "up" else tier(threshold * 2), tier(half_days)),
            sequence=sequence,
            student=student,
            said_at=self.clock.now,
            occurred_on=self.clock.now.date(),
            school=school,
        ).encode()

    def amended(self, response: UUID, activity: str, student: str = "12345", threshold: Any = 5, school: str = SCHOOL) -> Outgoing:
        who = student_id(school, student)
        data = ResponseAmended(
            response_id=response,
            record_id=star_record_id(who, TERM.term, threshold),
            school=school,
            student=student,
            student_id=who,
            term=TERM.term,
            threshold=threshold,
            activity=activity,
            occurred_on=self.clock.now.date(),
            recorded_at=MONDAY,
            amended_at=self.clock.now,
        )
        return Event(RESPONSE_AMENDED, new_event_id(), "/test", self.clock.now, str(who), data).encode()

    def taken_back(self, response: UUID, student: str = "12345", threshold: Any = 5, school: str = SCHOOL) -> Outgoing:
        who = student_id(school, student)
        data = ResponseWithdrawn(
            response_id=response,
            record_id=star_record_id(who, TERM.term, threshold),
            school=school,
            student=student,
            student_id=who,
            term=TERM.term,
            threshold=threshold,
            withdrawn_at=self.clock.now,
        )
        return Event(RESPONSE_WITHDRAWN, new_event_id(), "/test", self.clock.now, str(who), data).encode()

    def student(self, student: str = "12345", nsn: str | None = "123456789", school: str = SCHOOL) -> Outgoing:
        who = student_id(school, student)
        data = StudentUpdated(
            school=school,
            student=student,
            student_id=who,
            given_name="Testgiven",
            family_name="Testfamily",
            nsn=nsn,
            updated_at=self.clock.now,
        )
        return Event(STUDENT_UPDATED, new_event_id(), "/test", self.clock.now, str(who), data).encode()

    # What can be seen.

    async def sql(self, statement: str) -> list[Any]:
        """Asks the database as its owner."""
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    async def at_ministry(self, school: str = SCHOOL) -> list[dict[str, Any]]:
        """The uploads that the Ministry keeps, oldest first."""
        answer = await self.http.get(f"{self.ministry}/ministry/uploads", params={"school": school})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def accepted(self, school: str = SCHOOL) -> list[dict[str, Any]]:
        """A school's items as they stand at the Ministry."""
        answer = await self.http.get(f"{self.ministry}/ministry/items", params={"school": school})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def weeks_there(self, school: str = SCHOOL) -> list[tuple[str, int, int]]:
        """(week, number, records) of each upload at the Ministry, in the order of their arrival."""
        return [(upload["week"], upload["number"], upload["counts"]["records"]) for upload in await self.at_ministry(school)]

    async def fault(self, **fault: Any) -> None:
        """Tells the Ministry to fail."""
        (await self.http.post(f"{self.ministry}/ministry/faults", json=fault)).raise_for_status()

    def token(
        self, scopes: Sequence[str] = ("star:read", "uploads:run"), schools: Sequence[str] = ("*",), role: Role | None = None
    ) -> dict[str, str]:
        return bearer(local_token(self.data, scopes, schools, role=role))

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return await self.http.get(f"{self.api}{path}", params=params, headers=headers if headers is not None else self.token())

    async def run(self, week: str = "2026-W43", school: str = SCHOOL) -> httpx.Response:
        """A run by hand."""
        return await self.http.post(f"{self.api}/v1/schools/{school}/uploads", json={"week": week}, headers=self.token())

    async def change(self, school: str = SCHOOL, **settings: Any) -> dict[str, Any]:
        """Chooses how a school's uploads go."""
        url = f"{self.api}/v1/schools/{school}/upload-settings"
        answer = await self.http.patch(url, json=settings, headers=self.token())
        said: dict[str, Any] = answer.raise_for_status().json()
        return said

    async def post(self, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.post(f"{self.api}{path}", json=body, headers=headers if headers is not None else self.token())

    async def leads(self) -> bool:
        """Whether a worker schedules."""
        return bool(await self.sql("SELECT FROM moe_sync.leases WHERE holder IS NOT NULL"))

    async def upload(self, upload: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/v1/uploads/{upload}")).raise_for_status().json()
        return found

    async def uploads(self, school: str = SCHOOL) -> list[dict[str, Any]]:
        """The uploads as the API lists them, newest first."""
        answer = await self.get(f"/v1/schools/{school}/uploads")
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def statuses(self, school: str = SCHOOL) -> list[tuple[str, int, str]]:
        """(week, number, status) of each upload, oldest first."""
        return [(upload["week"], upload["number"], upload["status"]) for upload in reversed(await self.uploads(school))]

    async def finished_windows(self, school: str = SCHOOL) -> list[str]:
        """The weeks whose windows have had their say."""
        rows = await self.sql(f"SELECT week FROM moe_sync.windows WHERE school = '{school}' AND done_at IS NOT NULL ORDER BY week")
        return [row["week"] for row in rows]
