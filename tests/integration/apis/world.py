"""Two schools with a student each, and of everything that has an id of its own one thing for each of them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.scheduling import Scheduler
from services.notifier.contacts.repository import bad_addresses
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.deadletters import repository as dead_letters
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentUpdated, TermDates
from shared.identifiers import SchoolNumber, star_record_id, student_id
from tests.integration.apis.four_apis import FourApis
from tests.integration.notifier.conftest import HOLD, Desk
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied
from tests.support.crossings import crossing

OWN, OTHER = SchoolNumber("0999"), SchoolNumber("0189")
STUDENT: Final = "12345"
TERM: Final = "2026-T4"
EVERYTHING: Final = ("marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops")
CALENDAR: Final = {"name": "Example Kura", "terms": [{"term": TERM, "start": "2026-10-12", "end": "2026-12-18"}]}


@dataclass
class World:
    """Makes what is there through events and the APIs; `ids` has each school's by the name of the parameter."""

    apis: FourApis
    heart: Heart
    desk: Desk
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    async def ask(self, service: str, method: str, path: str, school: str, **arguments: Any) -> Any:
        """One request by the school's own system, which goes well; its answer."""
        headers = self.apis.token(*EVERYTHING, schools=(school,), subject=f"system-{school}")
        answer = await self.apis.http.request(method, f"{self.apis.urls[service]}{path}", headers=headers, **arguments)
        assert answer.is_success, (path, answer.text)
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    async def make(self, school: SchoolNumber) -> None:
        """Everything of a school."""
        who = student_id(school, STUDENT)
        record = str(star_record_id(who, TERM, 5))
        await self.ask("ingest", "PUT", f"/v1/schools/{school}", school, json=CALENDAR)
        await self._roster(school)
        await self.heart.post(absences(10, student=STUDENT), school)
        up = crossing(
            "up", 5, 10, tiers=("green", "yellow"), sequence=1, student=STUDENT, said_at=NOW, occurred_on=NOW.date(), school=school
        )
        await self.desk.say(up)
        await self._into_moe_sync(self.heart.message(up.encode()))
        body = {"activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"}
        answer = await self.ask("thresholds", "POST", f"/v1/star-records/{record}/responses", school, json=body)
        hook = {"url": "http://127.0.0.1:9/hook", "schools": [school], "events": ["nz.star.threshold.crossed.v1"]}
        uploads = f"/v1/schools/{school}/uploads"
        self.ids[school] = {
            "record_id": record,
            "response_id": answer["responses"][0]["id"],
            "subscription_id": (await self.ask("notifier", "POST", "/v1/subscriptions", school, json=hook))["id"],
            "upload": (await self.ask("moe-sync", "POST", uploads, school, json={"week": "2026-W47"}))["id"],
            "username": (await self.ask("ingest", "POST", f"/v1/schools/{school}/kamar-credentials", school))["username"],
            "name": "upload.json",
        }

    async def finish(self) -> None:
        """The letters that are due an hour later, and the rows in all services."""
        self.desk.passes(HOLD)
        await self.desk.work()
        for school, ids in self.ids.items():
            (listed,) = (await self.ask("notifier", "GET", f"/v1/schools/{school}/deliveries", school))["items"]
            ids["delivery"] = listed["id"]
            await self._bad_address(school, listed["id"])
            (bad,) = (await self.ask("notifier", "GET", f"/v1/schools/{school}/bad-addresses", school))["items"]
            ids["address"] = bad["id"]
            ids["letter_id"] = await self._dead_letter(school)
        for school, ids in self.ids.items():
            ids["transfer_id"] = await self._transfer(OTHER if school == OWN else OWN, school)

    async def _roster(self, school: SchoolNumber) -> None:
        who = student_id(school, STUDENT)
        of_school = SchoolUpdated(
            school=school, name="Example Kura", terms=[TermDates(TERM, FIRST_DAY, date(2026, 12, 18))], updated_at=NOW
        )
        of_student = StudentUpdated(
            school=school,
            student=STUDENT,
            student_id=who,
            given_name="Hemi",
            family_name="Example",
            year_level=10,
            groups=["10A"],
            caregivers=[Caregiver(name="Mere Example", email=f"mere@of-{school}.example.test")],
            updated_at=NOW,
        )
        messages = [
            self.heart.event(SCHOOL_UPDATED, school, of_school),
            self.heart.event(STUDENT_UPDATED, str(who), of_student),
        ]
        await self.heart.roster_handler(messages)
        await self.desk.roster(messages)
        await self._into_moe_sync(messages[0])

    async def _into_moe_sync(self, message: Message) -> None:
        settings = MoeSyncSettings(data=self.apis.data)
        box = DeadLetterBox("moe_sync")
        engine = create_engine(self.desk.settings.database_url, "moe_sync", pool_size=1)
        scheduler = Scheduler(settings.closing, settings.event_lag)
        if message.topic == SCHOOL_UPDATED.topic.name:
            await Applied(engine, SchoolsHandler(box, lambda: NOW, scheduler=scheduler))([message])
        else:
            await Applied(engine, RecordsHandler(box, lambda: NOW))([message])
        await engine.dispose()

    async def _bad_address(self, school: str, delivery: Any) -> None:
        async with self.desk.engine.begin() as connection:
            address = f"mere@of-{school}.example.test"
            await bad_addresses.mark(connection, school, "email", address, status="5.1.1", cause="bounce", delivery_id=delivery, now=NOW)

    async def _dead_letter(self, school: str) -> str:
        """The same in every service."""
        message = Message("star.marks.v1", 0, int(school), school.encode(), b"{}", [])
        letter = DeadLetter(message, "unreadable", "not an event", school)
        for schema in ("thresholds", "notifier", "moe_sync"):
            engine = create_engine(self.desk.settings.database_url, schema, pool_size=1)
            async with engine.begin() as connection:
                await dead_letters.insert(connection, letter, NOW)
            await engine.dispose()
        return str(letter.id)

    async def _transfer(self, sender: SchoolNumber, school: str) -> str:
        """A document that a student of one school brought to the other."""
        document = await self.ask("thresholds", "GET", f"/v1/schools/{sender}/students/{STUDENT}/transfer", sender)
        path = f"/v1/schools/{school}/students/{STUDENT}/transfers"
        taken = await self.ask("thresholds", "POST", path, school, content=document, params={"another_name": True})
        return str(taken["id"])
