"""Partners' subscriptions on a real database and real receivers, with a clock that stands until a test moves it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.app import create_app
from services.notifier.partners.courier import AddressBook, Courier, Resolver, system_resolver
from services.notifier.partners.handler import PartnerEventsHandler
from services.notifier.partners.retention import retention_rules
from services.notifier.partners.task import WebhookTask
from services.notifier.partners.vault import open_vault
from services.notifier.settings import NotifierSettings
from shared.bus.interface import Message, Outgoing
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import PLAN_PUBLISHED
from shared.events.data import PlanPublished
from shared.events.envelope import Event
from shared.retention import Retention
from shared.worklist.runner import Runner
from tests.support.applied import Applied
from tests.support.clock import ManualClock
from tests.support.crossings import SAID_AT, SCHOOL
from tests.support.tokens import bearer, local_token

NOW = SAID_AT + timedelta(seconds=1)
CROSSED = "nz.star.threshold.crossed.v1"
RETRACTED = "nz.star.threshold.retracted.v1"
PLAN = "nz.star.plan.published.v1"


@dataclass
class Office:
    """Feeds events to the handler, works off what is due, and calls the API as partners do."""

    engine: AsyncEngine
    http: httpx.AsyncClient
    settings: NotifierSettings
    clock: ManualClock
    resolver: Resolver = system_resolver
    offset: int = 0
    couriers: list[Courier] = field(default_factory=list)
    tls: Any = None

    @property
    def now(self) -> datetime:
        return self.clock.now

    def passes(self, time: timedelta) -> None:
        """Lets time go by."""
        self.clock.now += time

    def message(self, outgoing: Outgoing) -> Message:
        self.offset += 1
        return Message(outgoing.topic, 0, self.offset, outgoing.key, outgoing.value, outgoing.headers)

    async def say(self, *events: Event) -> None:
        """One batch of the partners' topics."""
        handler = Applied(self.engine, PartnerEventsHandler(DeadLetterBox("notifier"), self.clock, kept=self.settings.partner_events_kept))
        await handler([self.message(event.encode()) for event in events])

    def task(self, **changes: Any) -> WebhookTask:
        book = AddressBook(self.settings.webhook_guard, resolver=self.resolver)
        courier = Courier(book, timeout=self.settings.webhook_timeout, at_once=8, clock=self.clock, tls=self.tls)
        self.couriers.append(courier)
        vault = open_vault(self.settings.secrets_key, self.settings.data)
        fields: dict[str, Any] = {"send_within": self.settings.webhook_timeout, "each": 4, "failing": 4, "clock": self.clock}
        return WebhookTask(self.engine, courier, vault, **(fields | changes))

    def runner(self, task: WebhookTask | None = None, concurrency: int = 8) -> Runner:
        return Runner("notifier", self.engine, [task or self.task()], Wakeup(), concurrency=concurrency, clock=self.clock)

    async def work(self) -> int:
        """Works off everything that is due now; answers how many attempts."""
        runner, worked = self.runner(), 0
        while some := await runner.run_once():
            worked += some
        return worked

    async def forget(self) -> int:
        """Lets go of what was kept long enough; answers how many events and remains of subscriptions."""
        rules = retention_rules(self.settings.partner_events_kept)
        retention = Retention("notifier", self.engine, rules, self.clock)
        return sum([await retention.apply(rule, asyncio.Event()) for rule in rules])

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in (await connection.execute(text(sql), values)).all()]

    async def deliveries(self) -> list[str]:
        """The state of each delivery, in the order of their events."""
        return [row[0] for row in await self.rows("SELECT status FROM webhook_deliveries ORDER BY position, subscription_id")]

    # As partners see it.

    def headers(self, subject: str = "partner", schools: tuple[str, ...] = (SCHOOL,), **claims: Any) -> dict[str, str]:
        scopes = claims.pop("scopes", ["events:subscribe"])
        return bearer(local_token(self.settings.data, scopes, schools, subject=subject, **claims))

    async def call(self, method: str, path: str, *, status: int = 200, **rest: Any) -> Any:
        headers = rest.pop("headers", None) or self.headers()
        answer = await self.http.request(method, f"/v1/subscriptions{path}", headers=headers, **rest)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def subscribe(self, url: str, *events: str, schools: tuple[str, ...] = (SCHOOL,), **rest: Any) -> Any:
        body = {"url": url, "schools": list(schools), "events": list(events) or [CROSSED]}
        return await self.call("POST", "", status=201, json=body, **rest)

    async def shown(self, subscription: Any) -> Any:
        return await self.call("GET", f"/{subscription['id']}")

    async def attempts(self, subscription: Any) -> list[tuple[int, str | None, int | None, str | None]]:
        """(attempt, outcome, status, detail), oldest first."""
        items = (await self.call("GET", f"/{subscription['id']}/attempts", params={"limit": 500}))["items"]
        return [(item["attempt"], item["outcome"], item["status"], item["detail"]) for item in reversed(items)]


def plan(school: str = SCHOOL, at: datetime = SAID_AT) -> Event:
    data = PlanPublished(school=school, version=1, effective_on=date(2026, 2, 1), review_on=date(2029, 2, 1), published_at=at)
    return Event(PLAN_PUBLISHED, str(uuid.uuid4()), "/thresholds", at, school, data)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> NotifierSettings:
    return NotifierSettings(
        data=tmp_path / "data", database_url=database_url, webhook_allow="127.0.0.0/8", webhook_timeout=timedelta(seconds=15)
    )


@pytest.fixture
async def office(settings: NotifierSettings) -> AsyncIterator[Office]:
    engine = create_engine(settings.database_url, "notifier", pool_size=settings.database_pool)
    clock = ManualClock(NOW)
    app = create_app(settings, clock=clock)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            scope["state"] = dict(state)
            await app(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=with_state), base_url="http://notifier.test") as http:
            office = Office(engine, http, settings, clock)
            yield office
            for courier in office.couriers:
                await courier.close()
    await engine.dispose()
