"""The mail server's password changes under letters that are due: none is lost, and none goes twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from shared.db.listen import Wakeup
from shared.events.data import Caregiver
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import HOLD, Desk
from tests.support.crossings import up
from tests.support.guarded_mail import GuardedMail

STUDENTS = 12
OLD, NEW = "old-password", "new-password"


def address(student: int) -> str:
    return f"caregiver-{student}@example.test"


async def due(desk: Desk, students: range) -> None:
    """Letters of so many students, each to one address, are due."""
    await desk.school()
    await desk.roster([desk.joined(Caregiver(name="A Caregiver", email=address(student)), student=str(student)) for student in students])
    await desk.say(*[up(5, 10, to="yellow", student=str(student)) for student in students])
    desk.passes(HOLD)


@asynccontextmanager
async def worker(desk: Desk, url: str) -> AsyncIterator[Runner]:
    """The work of a process with these settings."""
    transport = SmtpTransport(parse_smtp_url(url), mail_from="no-reply@star.invalid", timeout=timedelta(seconds=20))
    tasks = [desk.letter, replace(desk.delivery, transports={"email": transport})]
    try:
        yield Runner("notifier", desk.engine, tasks, Wakeup(), clock=desk.clock)
    finally:
        await transport.close()


async def work(*runners: Runner) -> None:
    """Beside each other, until none finds anything that is due."""
    while any(await asyncio.gather(*(runner.run_once() for runner in runners))):
        pass


async def everybody_once(desk: Desk, mail: GuardedMail, students: int) -> None:
    assert Counter(recipient for recipient, _, _ in mail.letters) == Counter(address(student) for student in range(students))
    assert len({message_id for _, message_id, _ in mail.letters}) == students
    assert await desk.deliveries() == sorted((address(student), "sent", None) for student in range(students))


async def test_both_passwords_hold_while_processes_go_over_one_by_one(desk: Desk) -> None:
    third = STUDENTS // 3
    async with GuardedMail(OLD) as mail, worker(desk, mail.url(OLD)) as before:
        await due(desk, range(third))
        await work(before)
        # The other side accepts both; the first of two processes has the new one.
        mail.passwords = {OLD, NEW}
        async with worker(desk, mail.url(NEW)) as after:
            await due(desk, range(third, 2 * third))
            await work(before, after)
            # The second was restarted too, and the old one is taken away.
            mail.passwords = {NEW}
            await due(desk, range(2 * third, STUDENTS))
            await work(after)
        await everybody_once(desk, mail, STUDENTS)
    used = [password for _, _, password in mail.letters]
    assert (set(used[:third]), set(used[2 * third :])) == ({OLD}, {NEW})
    assert mail.refused == 0
    assert {outcome for _, outcome, _ in await desk.attempts()} == {"done"}


async def test_letters_wait_where_the_old_password_ends_too_early(desk: Desk) -> None:
    async with GuardedMail(NEW) as mail:
        await due(desk, range(STUDENTS))
        async with worker(desk, mail.url(OLD)) as before:
            await work(before)
        assert mail.letters == []
        assert {status for _, status, _ in await desk.deliveries()} == {"waiting"}
        # One was refused, and the others did not ask: servers lock accounts after a few wrong passwords.
        assert mail.refused < STUDENTS
        async with worker(desk, mail.url(NEW)) as after:
            desk.passes(timedelta(hours=2))
            await work(after)
        await everybody_once(desk, mail, STUDENTS)
    # A wrong password is no refusal of the letter.
    assert {row.refusals for row in await desk.rows("SELECT refusals FROM deliveries")} == {0}
