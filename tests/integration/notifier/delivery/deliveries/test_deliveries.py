"""Getting letters out: what a mail server can do to them, and what a retraction still can."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.delivery.deliveries.repository import deliveries
from shared.worklist import runner
from tests.integration.notifier.conftest import HOLD, MERE, Desk
from tests.support.crossings import down, up

A_WHILE = timedelta(hours=2)


async def due(desk: Desk) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)


async def test_a_mail_server_that_is_away_is_waited_for(desk: Desk) -> None:
    await due(desk)
    await desk.catcher.stop()
    await desk.work()
    desk.passes(A_WHILE)
    await desk.work()
    assert await desk.deliveries() == [("mere@example.test", "waiting", None)]
    assert [(number, outcome) for number, outcome, _ in await desk.attempts()] == [(1, "retry"), (2, "retry")]

    await desk.mail_server_is_back()
    desk.passes(A_WHILE)
    await desk.work()

    assert len(desk.mail()) == 1
    assert await desk.deliveries() == [("mere@example.test", "sent", None)]
    assert [outcome for _, outcome, _ in await desk.attempts()] == ["retry", "retry", "done"]


async def test_a_refusal_for_good_is_visible_and_not_tried_again(desk: Desk) -> None:
    desk.catcher.refuse(550, times=None, text="5.1.1 <mere@example.test>: no such user here")
    await due(desk)
    await desk.work()
    desk.passes(timedelta(days=1))

    assert await desk.work() == 0
    # In our words: the server's own hold the address.
    assert await desk.deliveries() == [("mere@example.test", "failed", "RCPT 550 5.1.1 (no such mailbox)")]
    assert await desk.attempts() == [(1, "failed", "RCPT 550 5.1.1 (no such mailbox)")]


async def test_one_bad_address_does_not_keep_the_other_household_waiting(known: Desk) -> None:
    known.catcher.refuse(550, times=None, recipient="mere@example.test")
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert await known.deliveries() == [("mere@example.test", "failed", "RCPT 550"), ("wiremu@example.test", "sent", None)]


async def test_a_passing_refusal_is_tried_again_with_the_same_message_id(desk: Desk) -> None:
    desk.catcher.refuse(451, times=1, text="4.7.1 greylisted")
    desk.catcher.accept_then_drop(1)
    await due(desk)
    for _ in range(3):
        await desk.work()
        desk.passes(A_WHILE)

    assert [(outcome, detail) for _, outcome, detail in await desk.attempts()] == [
        ("retry", "RCPT 451 4.7.1 (refused by policy)"),
        ("retry", "the mail server is away: SMTPServerDisconnected"),
        ("done", None),
    ]
    # The server kept the second attempt without telling us.
    first, second = desk.mail()
    assert first["message_id"] == second["message_id"]
    sources = [await desk.catcher.box.source(letter.key) for letter in desk.catcher.box.letters()]
    assert sources[0] == sources[1]


async def test_the_first_pause_is_short_and_the_longest_an_hour(desk: Desk) -> None:
    desk.catcher.refuse(451, times=None)
    await due(desk)
    await desk.work()
    desk.passes(timedelta(seconds=30))
    assert await desk.work() == 1
    for _ in range(20):
        desk.passes(timedelta(hours=1))
        assert await desk.work() == 1


async def test_after_three_days_or_so_it_is_given_up(desk: Desk) -> None:
    desk.catcher.refuse(451, times=None)
    await due(desk)
    started = desk.now
    while await desk.work():
        desk.passes(timedelta(hours=1))

    tried_for = desk.now - started
    assert timedelta(days=2) < tried_for < timedelta(days=5)
    assert await desk.deliveries() == [("mere@example.test", "failed", "given up after 100 attempts: RCPT 451")]


async def test_a_sender_that_is_refused_is_ours_to_mend(desk: Desk) -> None:
    desk.catcher.refuse(550, times=1, stage="MAIL")
    desk.catcher.refuse(530, times=1, text="5.7.0 Authentication required")
    await due(desk)
    for _ in range(3):
        await desk.work()
        desk.passes(A_WHILE)

    assert [outcome for _, outcome, _ in await desk.attempts()] == ["retry", "retry", "done"]


async def test_a_retraction_before_the_mail_server_took_it_cancels(desk: Desk) -> None:
    desk.catcher.refuse(451, times=None)
    await due(desk)
    await desk.work()
    await desk.say(down(5, 9, to="green"))
    desk.catcher.clear_faults()
    desk.passes(A_WHILE)

    assert await desk.work() == 0
    assert await desk.letters() == [(5, "cancelled", "retracted")]
    assert await desk.deliveries() == [("mere@example.test", "cancelled", "retracted")]
    assert desk.mail() == []


async def test_then_the_lower_threshold_gets_its_letter(known: Desk) -> None:
    known.catcher.refuse(451, times=None)
    await known.say(up(5, 21, to="orange"), up(10, 21, to="orange"))
    known.passes(HOLD)
    await known.work()
    await known.say(down(10, 19, to="yellow"))
    known.catcher.clear_faults()
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(10, "cancelled", "retracted"), (5, "bound", None)]
    assert [message["subject"] for message in known.mail()] == ["Attendance in Term 4"] * 2


async def test_a_household_that_has_the_letter_keeps_it_the_others_is_cancelled(known: Desk) -> None:
    known.catcher.refuse(451, times=None, recipient="wiremu@example.test")
    await known.say(up(5, 21, to="orange"), up(10, 21, to="orange"))
    known.passes(HOLD)
    await known.work()
    await known.say(down(10, 19, to="yellow"))
    known.catcher.clear_faults()
    known.passes(A_WHILE)

    assert await known.work() == 0
    assert await known.letters() == [(10, "bound", None)]
    assert await known.deliveries() == [("mere@example.test", "sent", None), ("wiremu@example.test", "cancelled", "retracted")]


async def test_a_retraction_during_an_attempt_that_fails_cancels_afterwards(desk: Desk) -> None:
    await due(desk)
    await _during_an_attempt(desk, lambda: desk.catcher.refuse(451, times=1), retracted_to=9)

    assert await desk.letters() == [(5, "cancelled", "retracted")]
    assert await desk.deliveries() == [("mere@example.test", "cancelled", "retracted")]
    desk.passes(A_WHILE)
    assert await desk.work() == 0
    assert desk.mail() == []


async def test_a_retraction_during_an_attempt_that_succeeds_comes_too_late(desk: Desk) -> None:
    await due(desk)
    await _during_an_attempt(desk, lambda: None, retracted_to=9)

    assert len(desk.mail()) == 1
    assert await desk.letters() == [(5, "bound", None)]
    assert await desk.deliveries() == [("mere@example.test", "sent", None)]


async def test_an_attempt_that_was_cut_short_finds_the_letter_withdrawn(desk: Desk) -> None:
    await due(desk)
    desk.catcher.refuse(451, times=1)
    await desk.work()
    async with desk.engine.begin() as connection:
        # As a worker leaves it that was killed during its attempt.
        await connection.exec_driver_sql("UPDATE work SET state = 'leased', lease = gen_random_uuid() WHERE kind = 'delivery'")
    await desk.say(down(5, 9, to="green"))
    assert await desk.deliveries() == [("mere@example.test", "waiting", None)]
    desk.passes(A_WHILE)
    await desk.work()

    assert await desk.deliveries() == [("mere@example.test", "cancelled", "retracted")]
    assert await desk.letters() == [(5, "cancelled", "retracted")]
    assert desk.mail() == []


async def _during_an_attempt(desk: Desk, fault: Callable[[], None], *, retracted_to: int) -> None:
    """Retracts the crossing while the mail server thinks about its letter."""
    assert await desk.runner.run_once() == 1
    fault()
    desk.catcher.latency = 0.3
    attempt = asyncio.create_task(desk.runner.run_once())
    for _ in range(200):
        if await desk.rows("SELECT 1 FROM work WHERE kind = 'delivery' AND state = 'leased'"):
            break
        await asyncio.sleep(0.01)
    await desk.say(down(5, retracted_to, to="green"))
    assert await desk.deliveries() == [("mere@example.test", "waiting", None)]
    await attempt
    desk.catcher.latency = 0.0


async def test_a_database_that_is_away_for_a_moment_after_the_mail_servers_yes_makes_no_second_letter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await due(desk)
    settle, failures = deliveries.sent, iter([OSError("away"), OSError("away")])

    async def sent(*args: Any) -> bool:
        for failure in failures:
            raise failure
        return await settle(*args)

    monkeypatch.setattr(deliveries, "sent", sent)
    monkeypatch.setattr(runner, "AWAY_PAUSE", 0.01)
    await desk.work()
    desk.passes(A_WHILE)
    await desk.work()

    assert len(desk.mail()) == 1
    assert await desk.attempts() == [(1, "done", None)]
    assert await desk.deliveries() == [("mere@example.test", "sent", None)]
