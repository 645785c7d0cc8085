"""The whole worker on the embedded bus: published events become letters in the mailbox."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from deploy.sandbox.mail import MailCatcher
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker
from shared.bus.factory import create_bus
from shared.bus.interface import Outgoing, Publisher
from shared.clock import utc_now
from shared.events.catalogue import LETTERS_HELD, LETTERS_RELEASED, PLAN_REVIEW_DUE
from shared.events.data import LettersHeld, LettersReleased, PlanReviewDue, TermDates
from shared.events.envelope import Event, new_event_id
from shared.telemetry.progress import Progress
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, TERM, down, up
from tests.support.polling import eventually

PATIENCE = 60.0


@dataclass
class Running:
    """A worker under way, and a publisher to its topics."""

    publisher: Publisher
    progress: Progress

    async def publish(self, *messages: Outgoing) -> None:
        await self.publisher.publish(messages)


@asynccontextmanager
async def running(settings: NotifierSettings) -> AsyncIterator[Running]:
    bus = create_bus(settings)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    stop, progress = asyncio.Event(), Progress()
    worker = asyncio.create_task(run_worker(settings, stop, progress=progress))
    try:
        yield Running(publisher, progress)
    finally:
        stop.set()
        await asyncio.wait_for(worker, PATIENCE)
        await publisher.stop()
        await bus.close()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not what():
            await asyncio.sleep(0.02)


def roster(desk: Desk) -> list[Outgoing]:
    message = desk.joined(MERE, WIREMU)
    return [Outgoing(message.topic, message.key or b"", message.value, message.headers)]


async def school(desk: Desk) -> None:
    """The school, in a term of today: these tests go by the machine's own clock."""
    today = utc_now().date()
    await desk.school(terms=[TermDates(TERM, today - timedelta(days=30), today + timedelta(days=30))])


async def test_published_crossings_become_letters(settings: NotifierSettings, desk: Desk, catcher: MailCatcher) -> None:
    await school(desk)
    async with running(settings.model_copy(update={"hold": timedelta(0)})) as worker:
        await worker.publish(*roster(desk), up(5, 11, to="yellow", said_at=utc_now()).encode())
        await worker.publish(up(5, 11, to="yellow", said_at=utc_now()).encode())
        await until(lambda: len(catcher.box.messages()) == 2)
        await worker.publish(up(10, 20, to="orange", said_at=utc_now()).encode())
        await until(lambda: len(catcher.box.messages()) == 4)
        assert worker.progress.stuck() == []

    assert await desk.letters() == [(5, "bound", None), (10, "bound", None)]
    assert {status for _, status, _ in await desk.deliveries()} == {"sent"}


async def test_a_retraction_within_the_hold_stops_the_letter(settings: NotifierSettings, desk: Desk, catcher: MailCatcher) -> None:
    await school(desk)
    async with running(settings) as worker:
        await worker.publish(
            *roster(desk), up(5, 11, to="yellow", said_at=utc_now()).encode(), down(5, 9, to="green", said_at=utc_now()).encode()
        )
        # On the same partition or not, the retraction comes last: what is behind it shows that it was handled.
        async with asyncio.timeout(PATIENCE):
            while await desk.letters() != [(5, "cancelled", "retracted")]:
                await asyncio.sleep(0.02)

    assert catcher.box.messages() == []


async def test_what_was_due_while_nobody_worked_goes_at_the_next_start(
    settings: NotifierSettings, desk: Desk, catcher: MailCatcher
) -> None:
    desk.now = utc_now() - 2 * HOLD
    await school(desk)
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 11, to="yellow", said_at=utc_now()))

    async with running(settings):
        await until(lambda: len(catcher.box.messages()) == 1)


async def test_staff_hold_a_letter_and_are_told_of_their_plan(settings: NotifierSettings, desk: Desk, catcher: MailCatcher) -> None:
    await school(desk)
    now = utc_now()
    review = PlanReviewDue(school=SCHOOL, version=1, review_on=now.date(), noticed_at=now)
    held = LettersHeld(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, term=TERM, held_at=now)
    released = LettersReleased(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, term=TERM, released_at=now + timedelta(seconds=1))
    async with running(settings.model_copy(update={"hold": timedelta(0)})) as worker:
        await worker.publish(*roster(desk), Event(LETTERS_HELD, new_event_id(), "/thresholds", now, str(STUDENT_ID), held).encode())
        await worker.publish(Event(PLAN_REVIEW_DUE, new_event_id(), "/thresholds", now, SCHOOL, review).encode())
        await until(lambda: [mail["to"] for mail in catcher.box.messages()] == [["office@otaki.example.nz"]])
        # Topics are read side by side: only now is it sure that the hold is known.
        async with asyncio.timeout(PATIENCE):
            while not await desk.rows("SELECT 1 FROM letter_holds"):
                await asyncio.sleep(0.02)
        await worker.publish(up(5, 11, to="yellow", said_at=utc_now()).encode())
        async with asyncio.timeout(PATIENCE):
            while await desk.letters() != [(5, "on-hold", None)]:
                await asyncio.sleep(0.02)
        await worker.publish(Event(LETTERS_RELEASED, new_event_id(), "/thresholds", now, str(STUDENT_ID), released).encode())
        await until(lambda: len(catcher.box.messages()) == 3)

    assert await desk.letters() == [(5, "bound", None)]


async def test_a_worker_without_a_mail_server_says_so(settings: NotifierSettings) -> None:
    with pytest.raises(ValueError, match="STAR_SMTP_URL"):
        await run_worker(settings.model_copy(update={"smtp_url": ""}), asyncio.Event())


async def test_what_was_kept_long_enough_is_erased_from_the_first_day_on(settings: NotifierSettings, desk: Desk) -> None:
    desk.now = utc_now() - timedelta(days=40)
    await desk.school(terms=[TermDates("2026-T4", desk.now.date() - timedelta(days=30), desk.now.date() + timedelta(days=30))])
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 11, to="yellow", said_at=desk.now))
    desk.passes(HOLD)
    await desk.work()
    assert [status for _, status, _ in await desk.deliveries()] == ["sent"]

    async with running(settings.model_copy(update={"letters_kept": timedelta(days=30)})):

        async def left() -> list[tuple[str | None, str | None]]:
            return [tuple(row) for row in await desk.rows("SELECT recipient, body_text FROM deliveries")]

        await eventually(left, [(None, None)])
