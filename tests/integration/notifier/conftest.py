"""The notifier on a real database and a real mail server, with a clock that stands until a test moves it."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.sandbox.letters import Message as Mail
from deploy.sandbox.mail import MailCatcher
from services.notifier.app import create_app
from services.notifier.delivery.deliveries.task import DeliveryTask
from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.ended_terms import delivery_is_over
from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.notifier.letters.handlers.holds import HoldsHandler
from services.notifier.letters.handlers.standings import StandingsHandler
from services.notifier.letters.handlers.statements import StatementsHandler
from services.notifier.letters.renewing import LetterRenewer
from services.notifier.letters.rounds.task import RoundTask
from services.notifier.letters.task import LetterTask
from services.notifier.letters.withdrawing import LetterCloser
from services.notifier.letters.writing import LetterWriter
from services.notifier.partners.vault import keys_of
from services.notifier.replies.linking import Linker, LinkFiller
from services.notifier.replies.tokens import Tokens
from services.notifier.settings import NotifierSettings
from services.notifier.staff_mail.handler import PlansHandler
from services.notifier.staff_mail.tasks.digest import DigestTask
from services.notifier.staff_mail.tasks.notice import NoticeTask
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.staff import StaffLetters
from services.notifier.templates.task import TrialTask
from services.notifier.worker import roster_handler
from shared.auth.principal import Role
from shared.bus.interface import Message, Outgoing
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id, tombstone
from shared.identifiers import student_id
from shared.worklist.runner import Runner
from shared.worklist.tasks import Task
from tests.support.applied import Applied
from tests.support.crossings import SCHOOL, STUDENT
from tests.support.tokens import bearer, local_token

HOLD = timedelta(hours=1)
MERE = Caregiver(name="Mere Ngata", email="mere@example.test")
WIREMU = Caregiver(name="Wiremu Parata", email="wiremu@example.test")


@dataclass
class Desk:
    """Feeds messages to the handlers, works off what is due, and reads what came of it."""

    engine: AsyncEngine
    catcher: MailCatcher
    settings: NotifierSettings
    now: datetime = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    offset: int = 0

    def __post_init__(self) -> None:
        box = DeadLetterBox("notifier")
        self.roster = Applied(self.engine, roster_handler(box, self.clock))
        self.crossings = Applied(
            self.engine,
            CrossingsHandler(
                box, self.clock, hold=self.settings.hold, window=self.settings.policy_defaults.window, tell_within=self.settings.tell_within
            ),
        )
        self.email = SmtpTransport(
            parse_smtp_url(self.settings.smtp_url), mail_from=self.settings.mail_from, timeout=self.settings.smtp_timeout
        )
        self.holds = Applied(self.engine, HoldsHandler(box, self.clock))
        self.plans = Applied(
            self.engine,
            PlansHandler(box, self.clock, message_id_domain=self.settings.message_id_domain, tell_within=self.settings.tell_within),
        )
        writer = LetterWriter(Letters(), None, self.settings.message_id_domain)
        corrector = Corrector(writer, self.settings.policy_defaults)
        self.standings = Applied(self.engine, StandingsHandler(box, self.clock, corrector=corrector))
        self.statements = Applied(
            self.engine,
            StatementsHandler(box, self.clock, hold=self.settings.hold, window=self.settings.policy_defaults.window),
        )
        self.tokens = Tokens(keys_of(self.settings.secrets_key, self.settings.data))
        linker = Linker(self.settings.reply_url, self.tokens)
        self.letter = LetterTask(self.engine, writer, self.clock, self.settings.policy_defaults, linker=linker)
        self.digest = DigestTask(self.engine, self.settings.message_id_domain, self.clock)
        self.notice = NoticeTask(self.engine, self.email, StaffLetters(), self.settings.smtp_timeout, self.clock, self.settings.console_url)
        self.delivery = DeliveryTask(
            self.engine,
            {"email": self.email},
            LetterCloser(self.settings.hold, self.settings.policy_defaults.window),
            LetterRenewer(writer, corrector, self.clock, linker),
            self.settings.smtp_timeout,
            self.clock,
            is_over=delivery_is_over,
            finish=LinkFiller(self.engine, self.tokens),
        )
        self.trial = TrialTask(self.engine, self.email, self.settings.smtp_timeout, self.clock)
        self.round = RoundTask(self.engine, self.clock)
        self.tasks: list[Task] = [self.letter, self.delivery, self.digest, self.notice, self.trial, self.round]
        self.runner = Runner("notifier", self.engine, self.tasks, Wakeup(), clock=self.clock)

    def clock(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> None:
        """Lets time go by."""
        self.now += time

    async def work(self) -> int:
        """Works off everything that is due now; answers how many items."""
        worked = 0
        while some := await self.runner.run_once():
            worked += some
        return worked

    async def mail_server_is_back(self) -> None:
        """A mail server again where the stopped one was, with the letters it had."""
        port = parse_smtp_url(self.settings.smtp_url).port
        self.catcher = MailCatcher(self.settings.data.parent / "mail", port=port)
        await self.catcher.start()

    def message(self, outgoing: Outgoing) -> Message:
        self.offset += 1
        return Message(outgoing.topic, 0, self.offset, outgoing.key, outgoing.value, outgoing.headers)

    async def say(self, *events: Event) -> None:
        """One batch of the crossings topic."""
        await self.crossings([self.message(event.encode()) for event in events])

    async def stands(self, *events: Event) -> None:
        """One batch of the standings topic."""
        await self.standings([self.message(event.encode()) for event in events])

    async def school(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "school": SCHOOL,
            "name": "Ōtaki Example College",
            "terms": [TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))],
            "contact_email": "office@otaki.example.nz",
            "updated_at": self.now,
        }
        data = SchoolUpdated(**(fields | changes))
        await self.roster([self.message(Event(SCHOOL_UPDATED, new_event_id(), "/ingest", self.now, SCHOOL, data).encode())])

    def joined(self, *caregivers: Caregiver, student: str = STUDENT, **changes: Any) -> Message:
        fields: dict[str, Any] = {
            "school": SCHOOL,
            "student": student,
            "student_id": student_id(SCHOOL, student),
            "given_name": "Tāne",
            "family_name": "Ngata",
            "nsn": "0123456789",
            "caregivers": list(caregivers),
            "updated_at": self.now,
        }
        data = StudentUpdated(**(fields | changes))
        return self.message(Event(STUDENT_UPDATED, new_event_id(), "/ingest", self.now, str(data.student_id), data).encode())

    def left(self, student: str = STUDENT) -> Message:
        return self.message(tombstone(STUDENT_UPDATED.topic.name, str(student_id(SCHOOL, student))))

    def mail(self) -> list[Mail]:
        return self.catcher.box.messages()

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(sql), values)).all())

    async def letters(self) -> list[tuple[int, str, str | None]]:
        """(threshold, state, reason), oldest first."""
        return [tuple(row) for row in await self.rows("SELECT threshold, state, reason FROM letters ORDER BY created_at, id")]

    async def deliveries(self) -> list[tuple[str, str, str | None]]:
        """(recipient, status, reason) by recipient."""
        return [tuple(row) for row in await self.rows("SELECT recipient, status, reason FROM deliveries ORDER BY recipient, created_at")]

    async def attempts(self, delivery: uuid.UUID | None = None) -> list[tuple[int, str, str | None]]:
        """(attempt, outcome, detail) of deliveries."""
        rows = await self.rows(
            """
            SELECT a.attempt, a.outcome, a.detail FROM work_attempts a JOIN work w ON w.id = a.work_id
            WHERE w.kind = 'delivery' AND (CAST(:id AS uuid) IS NULL OR w.id = :id) ORDER BY a.started_at, a.attempt
            """,
            id=delivery,
        )
        return [tuple(row) for row in rows]


@dataclass
class Visitor:
    """Calls the API as somebody with a token."""

    http: httpx.AsyncClient
    data: Path

    def headers(
        self, *scopes: str, schools: tuple[str, ...] = (SCHOOL,), role: Role | None = None, groups: tuple[str, ...] = ()
    ) -> dict[str, str]:
        return bearer(local_token(self.data, scopes, schools, subject="test", role=role, groups=groups))

    async def policy(self, **body: Any) -> dict[str, Any]:
        """Sets the school's letter policy."""
        answer = await self.http.put(f"/v1/schools/{SCHOOL}/letter-policy", json=body, headers=self.headers("star:write"))
        assert answer.status_code == 200, answer.text
        policy: dict[str, Any] = answer.json()
        return policy

    async def notices(self) -> list[tuple[str, str, str | None]]:
        """(kind, status, reason), oldest first."""
        answer = await self.http.get(f"/v1/schools/{SCHOOL}/notices", headers=self.headers("star:read"))
        assert answer.status_code == 200, answer.text
        return [(item["kind"], item["status"], item["reason"]) for item in reversed(answer.json()["items"])]

    async def deliveries(self, school: str = SCHOOL, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/schools/{school}/deliveries", params=query, headers=self.headers("star:read"))
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(tmp_path / "mail")
    await catcher.start()
    yield catcher
    await catcher.stop()


@pytest.fixture
def settings(database_url: str, tmp_path: Path, catcher: MailCatcher) -> NotifierSettings:
    return NotifierSettings(
        data=tmp_path / "data",
        database_url=database_url,
        smtp_url=catcher.url,
        hold=HOLD,
        letter_window="any",
        reply_url="https://star.example.test/notifier",
        console_url="https://star.example.test",
        smtp_timeout=timedelta(seconds=20),
        kafka_partitions=2,
    )


@pytest.fixture
async def desk(settings: NotifierSettings, catcher: MailCatcher) -> AsyncIterator[Desk]:
    engine = create_engine(settings.database_url, "notifier", pool_size=settings.database_pool)
    desk = Desk(engine, catcher, settings)
    yield desk
    await desk.email.close()
    await desk.catcher.stop()
    await engine.dispose()


@pytest.fixture
async def known(desk: Desk) -> Desk:
    """A desk that knows the school, and the student with two caregivers."""
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU)])
    return desk


@pytest.fixture
async def visitor(settings: NotifierSettings, desk: Desk) -> AsyncIterator[Visitor]:
    app = create_app(settings, clock=desk.clock)
    async with app.router.lifespan_context(app) as state:
        http_app = _with_state(app, state)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=http_app), base_url="http://notifier.test") as http:
            yield Visitor(http, settings.data)


def _with_state(app: Any, state: Any) -> Any:
    async def run(scope: Any, receive: Any, send: Any) -> None:
        # httpx runs no lifespan, so its state is put in here as a server would.
        scope["state"] = dict(state)
        await app(scope, receive, send)

    return run
