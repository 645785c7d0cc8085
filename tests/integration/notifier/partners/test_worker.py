"""The whole worker on the embedded bus: published events reach subscribers, beside letters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from deploy.sandbox.mail import MailCatcher
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker
from shared.bus.factory import create_bus
from shared.bus.interface import Outgoing, Publisher
from shared.clock import utc_now
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.telemetry.progress import Progress
from shared.waiting import wait_until_set
from tests.integration.notifier.partners.conftest import CROSSED, PLAN, Office, plan
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, up
from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.receivers import Receiver, receiving
from tests.support.worklist import leases_run_out

PATIENCE = 60.0


@asynccontextmanager
async def working(settings: NotifierSettings, folder: Path) -> AsyncIterator[tuple[Publisher, Progress, MailCatcher]]:
    """A worker under way, a publisher to its topics, and the mail that it sends."""
    catcher = MailCatcher(folder / "mail")
    await catcher.start()
    bus = create_bus(settings)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    stop, progress = asyncio.Event(), Progress()
    worker = asyncio.create_task(run_worker(settings.model_copy(update={"smtp_url": catcher.url}), stop, progress=progress))
    try:
        yield publisher, progress, catcher
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await worker
        await publisher.stop()
        await bus.close()
        await catcher.stop()


def roster() -> list[Outgoing]:
    """A school, and the student of the crossings with one caregiver."""
    now = utc_now()
    term = TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
    school = SchoolUpdated(school=SCHOOL, name="Example Kura", terms=[term], updated_at=now)
    student = StudentUpdated(
        school=SCHOOL,
        student=STUDENT,
        student_id=STUDENT_ID,
        given_name="Made",
        family_name="Up",
        caregivers=[Caregiver(name="Mere Ngata", email="mere@example.test")],
        updated_at=now,
    )
    return [
        Event(SCHOOL_UPDATED, new_event_id(), "/ingest", now, SCHOOL, school).encode(),
        Event(STUDENT_UPDATED, new_event_id(), "/ingest", now, str(STUDENT_ID), student).encode(),
    ]


async def test_what_is_published_arrives_and_is_settled(office: Office, tmp_path: Path) -> None:
    office.clock.now = utc_now()
    async with receiving() as receiver:
        await office.subscribe(receiver.url(), CROSSED, PLAN)
        crossed, published = up(5, 11, to="yellow", said_at=utc_now()), plan(at=utc_now())
        async with working(office.settings, tmp_path) as (publisher, progress, _):
            await publisher.publish([crossed.encode(), published.encode(), crossed.encode()])
            await eventually(office.deliveries, ["delivered", "delivered"], PATIENCE)
            assert progress.stuck() == []
    assert sorted(receiver.ids) == sorted([crossed.id, published.id])


async def test_letters_go_out_while_receivers_hang(office: Office, tmp_path: Path) -> None:
    """As many receivers that never answer as there are places for webhooks, each with events to spare."""
    hung = asyncio.Event()

    async def hangs(writer: asyncio.StreamWriter) -> None:
        await hung.wait()
        writer.transport.abort()

    office.clock.now = utc_now()
    settings = office.settings.model_copy(
        update={
            "webhooks_at_once": 2,
            "webhooks_at_once_each": 1,
            "webhook_timeout": timedelta(seconds=60),
            "hold": timedelta(0),
            "letter_window": "any",
        }
    )
    async with receiving(Receiver(answer=hangs)) as first, receiving(Receiver(answer=hangs)) as second:
        for receiver in (first, second):
            await office.subscribe(receiver.url(), PLAN)
        async with working(settings, tmp_path) as (publisher, _, catcher):
            await publisher.publish([plan(at=utc_now()).encode() for _ in range(5)])

            async def under_way() -> tuple[int, int]:
                return len(first.requests), len(second.requests)

            await eventually(under_way, (1, 1), PATIENCE)
            await publisher.publish([*roster(), up(5, 11, to="yellow", said_at=utc_now()).encode()])

            async def addressed() -> list[str]:
                return [address for message in catcher.box.messages() for address in message["to"]]

            await eventually(addressed, ["mere@example.test"], PATIENCE)
            assert (first.open_now, second.open_now) == (1, 1)
            hung.set()


async def test_a_worker_that_starts_later_sends_what_was_said(office: Office, tmp_path: Path) -> None:
    office.clock.now = utc_now()
    async with receiving() as receiver:
        await office.subscribe(receiver.url(), PLAN)
        await office.say(plan(at=utc_now()))
        async with working(office.settings, tmp_path):
            await eventually(office.deliveries, ["delivered"], PATIENCE)
    async with office.engine.connect() as connection:
        assert (await connection.execute(text("SELECT attempts FROM work WHERE kind = 'webhook'"))).scalar() == 1


async def test_a_worker_killed_while_a_receiver_has_the_event_sends_it_again(office: Office, tmp_path: Path) -> None:
    office.clock.now = utc_now()
    reached = asyncio.Event()

    async def takes_it_and_says_nothing(writer: asyncio.StreamWriter) -> None:
        reached.set()
        await asyncio.Event().wait()

    catcher, port = MailCatcher(tmp_path / "mail"), free_port()
    await catcher.start()
    process = Process(
        ["work", "notifier", "--port", str(port)],
        environment={
            "STAR_DATA": str(office.settings.data),
            "STAR_DATABASE_URL": office.settings.database_url,
            "STAR_SMTP_URL": catcher.url,
            "STAR_WEBHOOK_ALLOW": office.settings.webhook_allow,
        },
        output=tmp_path / "worker.log",
        health=f"http://127.0.0.1:{port}/healthz",
    )
    bus = create_bus(office.settings)
    await bus.ensure_topics()
    await bus.close()
    try:
        async with receiving(Receiver(script=[takes_it_and_says_nothing])) as receiver:
            made = await office.subscribe(receiver.url(), PLAN)
            published = plan(at=office.now)
            await office.say(published)
            process.launch()
            assert await wait_until_set(reached, PATIENCE)
            process.kill()

            # Nobody can know that it is dead before its lease has run out.
            office.clock.now = utc_now()
            assert await office.work() == 0
            await leases_run_out(office.engine)
            assert await office.work() == 1
        assert receiver.ids == [published.id, published.id]
        assert await office.attempts(made) == [(1, None, None, None), (2, "done", 204, "HTTP 204")]
        assert await office.deliveries() == ["delivered"]
    finally:
        process.kill()
        await catcher.stop()
