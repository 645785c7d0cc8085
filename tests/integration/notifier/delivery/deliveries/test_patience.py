"""How long a letter is tried: as long as it is nobody's fault, and no longer than what it says is true."""

from dataclasses import replace
from datetime import timedelta

from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from shared.db.listen import Wakeup
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.crossings import up


async def due(desk: Desk) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)


async def tried_for(desk: Desk, step: timedelta) -> timedelta:
    """Works until nothing is tried any more; answers for how long it was."""
    began = desk.now
    while await desk.work():
        desk.passes(step)
    return desk.now - began


async def test_a_server_that_is_away_for_a_week_costs_no_letter(desk: Desk) -> None:
    await due(desk)
    await desk.catcher.stop()
    for _ in range(7 * 24):
        desk.passes(timedelta(hours=1))
        await desk.work()
    assert len(await desk.attempts()) > 100
    assert await desk.deliveries() == [("mere@example.test", "waiting", None)]

    await desk.mail_server_is_back()
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert await desk.deliveries() == [("mere@example.test", "sent", None)]


async def test_a_wrong_password_is_no_letters_fault(desk: Desk, visitor: Visitor) -> None:
    await due(desk)
    wrong = SmtpTransport(
        parse_smtp_url(desk.catcher.url.replace("://", "://star:wrong@")), mail_from="no-reply@star.invalid", timeout=timedelta(seconds=20)
    )
    right = desk.runner
    desk.runner = Runner(
        "notifier", desk.engine, [desk.letter, replace(desk.delivery, transports={"email": wrong})], Wakeup(), clock=desk.clock
    )
    for _ in range(150):
        await desk.work()
        desk.passes(timedelta(hours=1))
    await wrong.close()
    (delivery,) = (await visitor.deliveries())["items"]
    assert (delivery["status"], delivery["letter_state"]) == ("waiting", "sending")
    assert len(delivery["attempts"]) > 100

    desk.runner = right
    await desk.work()
    assert await desk.deliveries() == [("mere@example.test", "sent", None)]


async def test_after_two_weeks_what_it_says_is_past(desk: Desk) -> None:
    await due(desk)
    await desk.catcher.stop()

    assert timedelta(days=14) < await tried_for(desk, timedelta(hours=6)) < timedelta(days=15)
    ((_, status, reason),) = await desk.deliveries()
    assert status == "failed"
    assert reason is not None
    assert reason.startswith("given up after 14 days: the mail server is away")


async def test_a_full_mailbox_is_looked_at_again_for_five_days(desk: Desk) -> None:
    desk.catcher.refuse(552, times=None, text="5.2.2 mailbox full")
    await due(desk)

    assert timedelta(days=5) <= await tried_for(desk, timedelta(hours=4)) < timedelta(days=6)
    assert await desk.deliveries() == [("mere@example.test", "failed", "given up after 5 days: RCPT 552 5.2.2 (mailbox full)")]
    assert 25 < len(await desk.attempts()) < 35
    # Not for good: the family may empty it.
    assert await desk.rows("SELECT * FROM bad_addresses") == []
    assert [(row.kind, row.status) for row in await desk.rows("SELECT kind, status FROM bounces")] == [("soft", "5.2.2")]


async def test_one_that_is_emptied_gets_the_letter(desk: Desk) -> None:
    desk.catcher.refuse(452, times=3, text="4.2.2 mailbox full")
    await due(desk)
    await tried_for(desk, timedelta(hours=4))

    assert await desk.deliveries() == [("mere@example.test", "sent", None)]


async def test_refusals_and_outages_are_counted_apart(desk: Desk) -> None:
    """An outage uses up nothing of the patience with a server that turns the letter away."""
    await due(desk)
    await desk.catcher.stop()
    for _ in range(120):
        desk.passes(timedelta(hours=1))
        await desk.work()
    await desk.mail_server_is_back()
    desk.catcher.refuse(451, times=50)
    for _ in range(60):
        desk.passes(timedelta(hours=1))
        await desk.work()

    assert await desk.deliveries() == [("mere@example.test", "sent", None)]
    assert [row.refusals for row in await desk.rows("SELECT refusals FROM deliveries")] == [50]
