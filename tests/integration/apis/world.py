"""Two schools with a student each, and of everything that has an id of its own one thing for each of them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from services.ingest.changes.effect import Effect
from services.ingest.kamar.departures import JudgedChange
from services.ingest.kamar.repository import held
from services.ingest.students.changing import RosterChange
from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.scheduling import Scheduler
from services.notifier.contacts.repository import bad_addresses
from services.notifier.printings import repository as printings
from services.notifier.printings.printing import Printing
from services.thresholds.replies.handler import RepliesHandler
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.deadletters import repository as dead_letters
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.events.catalogue import FAMILY_REPLIED, SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, FamilyReplied, SchoolUpdated, StudentUpdated, TermDates
from shared.identifiers import SchoolNumber, star_record_id, student_id
from tests.integration.apis.four_apis import FourApis
from tests.integration.notifier.conftest import HOLD, Desk
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied
from tests.support.crossings import crossing

OWN, OTHER = SchoolNumber("0999"), SchoolNumber("0189")
STUDENT: Final = "12345"
WAITS: Final = "67890"
"""A student whose letter waits."""
TERM: Final = "2026-T4"
NOBODY: Final = UUID("00000000-0000-4000-8000-000000000000")
EVERYTHING: Final = ("marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops")
CALENDAR: Final = {"name": "Example Kura", "terms": [{"term": TERM, "start": "2026-10-12", "end": "2026-12-18"}]}
CONTACT: Final = {
    "at": "2026-11-19T10:15:00+13:00",
    "how": "phone",
    "with": "Mere Example",
    "outcome": "no-answer",
    "note": "the family asked",
    "staff": "Mr Example",
}
MEETING: Final = {"at": "2026-11-24T15:30:00+13:00", "place": "Room 4", "people": [{"name": "Mere Example", "email": "mere@example.test"}]}
PLAN: Final = {
    "goals": [{"text": "the family asked for mornings"}],
    "actions": [{"text": "Mr Example rings Mere", "who": "school"}],
    "status": "agreed",
}


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
        await self.into_moe_sync(self.heart.message(up.encode()))
        body = {"activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"}
        answer = await self.ask("thresholds", "POST", f"/v1/star-records/{record}/responses", school, json=body)
        hook = {"url": "http://127.0.0.1:9/hook", "schools": [school], "events": ["nz.star.threshold.crossed.v1"]}
        uploads = f"/v1/schools/{school}/uploads"
        of_student = f"/v1/schools/{school}/students/{STUDENT}"
        self.ids[school] = {
            "record_id": record,
            "contact_id": (await self.ask("thresholds", "POST", f"{of_student}/contacts", school, json=CONTACT))["id"],
            "meeting_id": (await self.ask("thresholds", "POST", f"{of_student}/meetings", school, json=MEETING))["id"],
            "plan_id": (await self.ask("thresholds", "POST", f"{of_student}/support-plans", school, json=PLAN))["id"],
            "reply_id": await self._reply(school),
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
            ids["letter"] = await self._waiting_letter(school)
            ids["printing_id"] = await self._pile(school)
            ids["question"] = await self._question(school)
            ids["change_id"] = await self._held_change(school)
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
        await self.into_moe_sync(messages[0])

    async def into_moe_sync(self, message: Message) -> None:
        """A message about a school or a record, as the upload's worker would apply it."""
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

    async def _pile(self, school: str) -> str:
        """A pile of letters on paper, from which all were taken."""
        pile = Printing(uuid4(), school, "postcode", 0, NOW, "test", None, None, None, None)
        async with self.desk.engine.begin() as connection:
            await printings.add(connection, pile, [])
        return str(pile.id)

    async def _waiting_letter(self, school: str) -> str:
        """The letter to another student's family, which has an hour to wait."""
        up = crossing("up", 5, 10, tiers=("green", "yellow"), sequence=1, student=WAITS, said_at=NOW, occurred_on=NOW.date(), school=school)
        await self.desk.say(up)
        listed = await self.ask("notifier", "GET", f"/v1/schools/{school}/deliveries", school, params={"student": WAITS})
        letter: str = listed["items"][0]["letter_id"]
        return letter

    async def _reply(self, school: SchoolNumber) -> str:
        """The answer of the student's family to its letter."""
        data = FamilyReplied(
            reply_id=uuid4(),
            letter_id=NOBODY,
            school=school,
            student=STUDENT,
            student_id=student_id(school, STUDENT),
            term=TERM,
            threshold=5,
            channel="email",
            choice="ring-me",
            has_words=False,
            replied_at=NOW,
        )
        handler = RepliesHandler(DeadLetterBox("thresholds"), lambda: NOW)
        await Applied(self.heart.engine, handler)([self.heart.event(FAMILY_REPLIED, str(data.student_id), data)])
        return str(data.reply_id)

    async def _dead_letter(self, school: str) -> str:
        """The same in every service."""
        message = Message("star.marks.v1", 0, int(school), school.encode(), b"{}", [])
        letter = DeadLetter(message, "unreadable", "not an event", school)
        for schema in ("ingest", "thresholds", "notifier", "moe_sync"):
            engine = create_engine(self.desk.settings.database_url, schema, pool_size=1)
            async with engine.begin() as connection:
                await dead_letters.insert(connection, letter, NOW)
            await engine.dispose()
        return str(letter.id)

    async def _question(self, school: SchoolNumber) -> str:
        """Whether a key has gone to another child."""
        for name, nsn in (("Ana", "1"), ("Niko", "2")):
            child = {"student": "13579", "given_name": name, "family_name": f"Of {name}", "nsn": nsn}
            await self.ask("ingest", "PUT", f"/v1/schools/{school}/students", school, json={"students": [child]})
        (asked,) = (await self.ask("ingest", "GET", f"/v1/schools/{school}/identity-questions", school))["items"]
        return str(asked["id"])

    async def _held_change(self, school: SchoolNumber) -> str:
        """A part of a push that waits."""
        engine = create_engine(self.desk.settings.database_url, "ingest", pool_size=1)
        change = RosterChange(off=("1", "2"), missing=("1", "2"), roll=4)
        async with engine.begin() as connection:
            await held.hold(connection, school, NOBODY, NOW, change, JudgedChange(Effect(students_off=2), ("two would be off",)))
        await engine.dispose()
        (listed,) = (await self.ask("ingest", "GET", f"/v1/schools/{school}/held-changes", school))["items"]
        return str(listed["id"])

    async def _transfer(self, sender: SchoolNumber, school: str) -> str:
        """A document that a student of one school brought to the other."""
        document = await self.ask("thresholds", "GET", f"/v1/schools/{sender}/students/{STUDENT}/transfer", sender)
        path = f"/v1/schools/{school}/students/{STUDENT}/transfers"
        taken = await self.ask("thresholds", "POST", path, school, content=document, params={"another_name": True})
        return str(taken["id"])
