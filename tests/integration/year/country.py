"""All four services in one process on a real database and the embedded bus, by one clock that a test turns."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import httpx

from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry import create_ministry
from services.ingest import app as ingest
from services.ingest import worker as ingest_worker
from services.ingest.settings import IngestSettings
from services.moe_sync import worker as ministry_worker
from services.moe_sync.settings import MoeSyncSettings
from services.notifier import app as notifier
from services.notifier import worker as notifier_worker
from services.notifier.settings import NotifierSettings
from services.thresholds import app as thresholds
from services.thresholds import worker as thresholds_worker
from services.thresholds.settings import ThresholdsSettings
from shared.bus.embedded.bus import EmbeddedBus
from tests.support.clock import ManualClock
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token

SCHEMAS: Final = ("ingest", "thresholds", "notifier", "moe_sync")
SCOPES: Final = "marks:write roster:write star:read star:write uploads:run"
HOME: Final = ZoneInfo("Pacific/Auckland")

# A moment at which nothing is on its way: all is read, published and worked off that is due by the test's clock.
_UNDER_WAY: Final = " UNION ALL ".join(
    f"""
    SELECT count(*) FROM {schema}.outbox
    UNION ALL SELECT count(*) FROM {schema}.work WHERE state = 'leased' OR (state = 'waiting' AND due_at <= $1)
    UNION ALL SELECT count(*) FROM {schema}.consumed c JOIN bus.partitions p USING (topic, partition) WHERE p.next_offset > c.next_offset
    """
    for schema in SCHEMAS
)
_WINDOWS: Final = "SELECT count(*) FROM moe_sync.windows WHERE done_at IS NULL AND coalesce(again_at, due_at) <= $1"


@dataclass
class Country:
    """Schools, their office, and what came of it."""

    settings: Mapping[str, Any]
    clock: ManualClock[datetime]
    http: httpx.AsyncClient
    urls: Mapping[str, str]
    database: asyncpg.Connection
    catcher: MailCatcher
    ministry: str
    token: str
    sent: list[str] = field(default_factory=list)

    async def turn_to(self, text: str) -> None:
        """Sets the clock to a time in New Zealand, and waits until all that is due then has been done."""
        moment = datetime.fromisoformat(text).replace(tzinfo=HOME).astimezone(UTC)
        assert moment >= self.clock.now, text
        self.clock.now = moment
        for schema in SCHEMAS:
            await self.database.execute("SELECT pg_notify($1, '')", f"star_work_{schema}")
        await self.at_rest()

    async def at_rest(self, patience: float = 60) -> None:
        """Waits until nothing is under way, twice in a row."""
        loop = asyncio.get_running_loop()
        until, quiet = loop.time() + patience, 0
        while quiet < 2:
            rows = await self.database.fetch(f"{_UNDER_WAY} UNION ALL {_WINDOWS}", self.clock.now)
            quiet = quiet + 1 if all(row[0] == 0 for row in rows) else 0
            assert loop.time() < until, [row[0] for row in rows]
            await asyncio.sleep(0.05)

    async def request(self, service: str, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request, as the school's system or its office."""
        return await self.http.request(method, f"{self.urls[service]}{path}", headers=bearer(self.token), **arguments)

    async def ok(self, service: str, method: str, path: str, **arguments: Any) -> Any:
        """One request that goes well; its answer."""
        answer = await self.request(service, method, path, **arguments)
        assert answer.is_success, answer.text
        return answer.json()

    async def school(self, number: str, terms: Sequence[tuple[str, str, str]], **fields: Any) -> None:
        """Sends a school."""
        dates = [{"term": term, "start": start, "end": end} for term, start, end in terms]
        await self.ok("ingest", "PUT", f"/v1/schools/{number}", json={"name": f"Example School {number}", "terms": dates} | fields)
        await self.at_rest()

    async def students(self, number: str, year_levels: Mapping[str, int], *, full: bool = False) -> None:
        """Sends students, each with a caregiver."""
        items = [
            {
                "student": key,
                "given_name": "Tama",
                "family_name": f"Example {key}",
                "year_level": year_level,
                "caregivers": [{"name": "Kim Example", "email": f"home-{number}-{key}@example.nz"}],
            }
            for key, year_level in year_levels.items()
        ]
        query = {"full": "true"} if full else None
        await self.ok("ingest", "PUT", f"/v1/schools/{number}/students", json={"students": items}, params=query)
        await self.at_rest()

    async def mark(self, number: str, student: str, days: Sequence[str], code: str, *, slots: Sequence[int] = ()) -> None:
        """Marks whole days: both sessions, or the slots of the timetable."""
        places: list[dict[str, Any]] = [{"slot": slot} for slot in slots] or [{"session": "AM"}, {"session": "PM"}]
        marks = [
            {"student": student, "date": day, "code": code, "recorded_at": self.clock.now.isoformat()} | place
            for day in days
            for place in places
        ]
        answer = await self.ok("ingest", "POST", f"/v1/schools/{number}/marks", json={"marks": marks})
        assert answer["rejected"] == []
        await self.at_rest()

    async def totals(self) -> dict[tuple[str, str, str], int]:
        """The half days of each school, term and student."""
        rows = await self.database.fetch("SELECT school, term, student, absent_half_days FROM thresholds.register")
        return {(row["school"], row["term"], row["student"]): row["absent_half_days"] for row in rows}

    async def letters(self) -> list[tuple[str, str, str, int, str]]:
        """The letters that went out: (day and time at the school, school, term, threshold, student), in their order."""
        rows = await self.database.fetch(
            """
            SELECT d.sent_at, l.school, l.term, l.threshold, c.student FROM notifier.deliveries d
            JOIN notifier.letters l ON l.id = d.letter_id JOIN notifier.cases c USING (student_id, term)
            WHERE d.status = 'sent' ORDER BY d.sent_at, l.school
            """
        )
        return [
            (f"{row['sent_at'].astimezone(HOME):%Y-%m-%d %H:%M}", row["school"], row["term"], row["threshold"], row["student"])
            for row in rows
        ]

    async def uploads(self, school: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """The uploads that the Ministry has accepted: week, and its records (term, student, status)."""
        answer = (await self.http.get(f"{self.ministry}/ministry/uploads")).raise_for_status().json()
        documents = [item for item in answer["items"] if item["school"] == school]
        return [
            (item["week"], [(record["term"], record["student"], record["status"]) for record in item["records"]])
            for item in sorted(documents, key=lambda item: (item["week"], item["number"]))
        ]

    async def known_terms(self, school: str) -> dict[str, list[str]]:
        """The terms that each service has of a school, in their order."""
        found = {}
        for schema in SCHEMAS:
            document = json.loads(
                await self.database.fetchval(f"SELECT CAST(document AS text) FROM {schema}.schools WHERE school = $1", school)
            )
            found[schema] = [term["term"] for term in document["dates" if schema == "moe_sync" else "terms"]]
        return found

    def digests(self) -> list[str]:
        """The subjects of the digests, in their order."""
        return [mail["subject"] for mail in self.catcher.box.messages() if mail["subject"].startswith("Attendance on")]


@asynccontextmanager
async def country(database_url: str, folder: Path, begins: str) -> AsyncIterator[Country]:
    """Everything at work from a time in New Zealand on."""
    clock = ManualClock(datetime.fromisoformat(begins).replace(tzinfo=HOME).astimezone(UTC))
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=10))
    await bus.ensure_topics()
    catcher = MailCatcher(folder / "mail")
    await catcher.start()
    # The test's clock goes on in strides that a server's never would.
    common: dict[str, Any] = {
        "data": folder,
        "database_url": database_url,
        "kafka_partitions": 2,
        "clock_jump": timedelta(days=3660),
        "database_pool": 5,
    }
    async with AsyncExitStack() as stack:
        ministry = await stack.enter_async_context(serving(create_ministry(folder / "ministry")))
        settings = {
            "ingest": IngestSettings(**common),
            "thresholds": ThresholdsSettings(**common),
            "notifier": NotifierSettings(**common, smtp_url=catcher.url),
            "moe_sync": MoeSyncSettings(**common, ministry_url=f"{ministry}/ministry", event_lag=timedelta(0)),
        }
        apps = {
            "ingest": ingest.create_app(settings["ingest"], clock=clock),
            "thresholds": thresholds.create_app(settings["thresholds"], clock=clock),
            "notifier": notifier.create_app(settings["notifier"], clock=clock),
        }
        urls = {name: await stack.enter_async_context(serving(app)) for name, app in apps.items()}
        stop = asyncio.Event()
        workers = [
            asyncio.create_task(ingest_worker.run_worker(settings["ingest"], stop, clock=clock)),
            asyncio.create_task(thresholds_worker.run_worker(settings["thresholds"], stop, clock=clock)),
            asyncio.create_task(notifier_worker.run_worker(settings["notifier"], stop, clock=clock)),
            asyncio.create_task(ministry_worker.run_worker(settings["moe_sync"], stop, clock=clock)),
        ]
        database = await asyncpg.connect(database_url)
        try:
            async with httpx.AsyncClient(timeout=60) as http:
                token = local_token(folder, SCOPES.split(), ["*"], role="admin", valid_for=timedelta(days=4000))
                yield Country(settings, clock, http, urls, database, catcher, ministry, token)
        finally:
            await database.close()
            stop.set()
            await asyncio.gather(*workers)
            await catcher.stop()
            await bus.close()


def week_of(monday: str, days: int = 5) -> list[str]:
    """So many days in a row from a Monday on."""
    first = date.fromisoformat(monday)
    return [(first + timedelta(days=number)).isoformat() for number in range(days)]
