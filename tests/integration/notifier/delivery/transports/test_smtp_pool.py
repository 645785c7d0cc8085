"""Connections that are kept, left and lost, against a server that says exactly what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.delivery.transports import smtp
from services.notifier.delivery.transports.outcomes import Away, Deferred, NoSuchAddress, Ours, Refused, Unwanted
from services.notifier.delivery.transports.rate import Pace
from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_pool import PoolLimits
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from shared.worklist.tasks import Done, Retry
from tests.integration.notifier.delivery.transports.test_smtp import PARCEL
from tests.support.polling import eventually
from tests.support.scripted_smtp import HANG_UP, ScriptedSmtp, Session

MAIL, RCPT = "MAIL FROM:<no-reply@star.invalid>", "RCPT TO:<mere@example.test>"
WHOLE = [MAIL, RCPT, "DATA", "."]


@asynccontextmanager
async def transport_to(
    server: ScriptedSmtp, limits: PoolLimits | None = None, pace: Pace | None = None, user: str = ""
) -> AsyncIterator[SmtpTransport]:
    url = server.url.replace("://", f"://{user}@") if user else server.url
    transport = SmtpTransport(
        parse_smtp_url(url), mail_from="no-reply@star.invalid", timeout=timedelta(seconds=20), limits=limits, pace=pace
    )
    try:
        yield transport
    finally:
        await transport.close()


def at(number: int, command: str, answer: str) -> Callable[[Session, str], str | None]:
    """The answer in the session of that number, to commands that begin so."""
    return lambda session, line: answer if session.number == number and line.startswith(command) else None


async def test_a_connection_is_used_again_without_a_word_between() -> None:
    async with ScriptedSmtp() as server, transport_to(server) as transport:
        assert [await transport.send(PARCEL) for _ in range(3)] == [Done()] * 3

    assert server.commands == WHOLE * 3
    assert len(server.sessions) == 1


async def test_what_a_refused_letter_left_behind_is_cleared_before_the_next() -> None:
    answers = iter(["550 5.1.1 nobody"])
    async with (
        ScriptedSmtp(lambda _, line: next(answers, None) if line == RCPT else None) as server,
        transport_to(server) as transport,
    ):
        assert await transport.send(PARCEL) == NoSuchAddress("RCPT 550 5.1.1 (no such mailbox)", "5.1.1")
        assert await transport.send(PARCEL) == Done()

    assert server.commands == [MAIL, RCPT, "RSET", *WHOLE]


async def test_a_connection_is_left_politely_after_so_many_letters() -> None:
    async with ScriptedSmtp() as server, transport_to(server, PoolLimits(letters_each=2)) as transport:
        for _ in range(5):
            assert await transport.send(PARCEL) == Done()

    assert [session.commands.count(MAIL) for session in server.sessions] == [2, 2, 1]
    assert [session.commands[-1] for session in server.sessions] == ["QUIT"] * 3


async def test_no_more_connections_than_the_server_is_to_have() -> None:
    async with ScriptedSmtp() as server, transport_to(server, PoolLimits(connections=2)) as transport:
        assert await asyncio.gather(*(transport.send(PARCEL) for _ in range(10))) == [Done()] * 10

    assert len(server.sessions) == 2


async def test_one_that_says_goodbye_counts_until_it_is_gone() -> None:
    most_open = 0

    def count(session: Session, line: str) -> None:
        nonlocal most_open
        most_open = max(most_open, sum(not one.closed for one in server.sessions))

    async with ScriptedSmtp(count) as server, transport_to(server, PoolLimits(connections=2, letters_each=1)) as transport:
        assert await asyncio.gather(*(transport.send(PARCEL) for _ in range(10))) == [Done()] * 10

    assert len(server.sessions) == 10
    assert most_open == 2


async def test_a_connection_that_rests_too_long_is_left() -> None:
    async with ScriptedSmtp() as server, transport_to(server, PoolLimits(idle=0.05)) as transport:
        await transport.send(PARCEL)

        async def closed() -> bool:
            return server.sessions[0].closed

        await eventually(closed, True)
        await transport.send(PARCEL)

    assert [session.commands.count(MAIL) for session in server.sessions] == [1, 1]
    assert server.sessions[0].commands[-1] == "QUIT"


@pytest.mark.parametrize(
    "answers",
    [
        lambda session, line: HANG_UP if session.number == 1 and session.commands.count(MAIL) == 2 and line == MAIL else None,
        lambda session, line: HANG_UP if session.number == 1 and session.commands.count(RCPT) == 2 and line == RCPT else None,
        lambda session, line: "421 4.4.2 idle for too long" if session.number == 1 and session.commands.count(MAIL) == 2 else None,
    ],
    ids=["hangs up at MAIL", "hangs up at RCPT", "says 421"],
)
async def test_a_stale_connection_costs_the_letter_no_attempt(answers: Callable[[Session, str], str | None]) -> None:
    async with ScriptedSmtp(answers) as server, transport_to(server) as transport:
        assert await transport.send(PARCEL) == Done()
        assert await transport.send(PARCEL) == Done()

    assert len(server.letters) == 2
    assert len(server.sessions) == 2


async def test_a_connection_that_does_not_answer_any_more_is_left_for_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "REUSE_PATIENCE", 0.2)
    silent = asyncio.Event()

    class Silent(ScriptedSmtp):
        async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
            if self.sessions[0].commands.count(MAIL) == 2 and len(self.sessions) == 1:
                await silent.wait()
                return False
            return await super()._say(writer, answer)

    async with Silent() as server, transport_to(server) as transport:
        assert await transport.send(PARCEL) == Done()
        assert await transport.send(PARCEL) == Done()
        silent.set()

    assert len(server.sessions) == 2


async def test_a_letter_that_was_given_away_is_not_given_again_at_once() -> None:
    """It may have arrived: the next attempt is the worklist's, with the same Message-ID."""
    async with (
        ScriptedSmtp(lambda session, line: HANG_UP if line == "." and session.commands.count(".") == 2 else None) as server,
        transport_to(server) as transport,
    ):
        assert await transport.send(PARCEL) == Done()
        assert await transport.send(PARCEL) == Away("the mail server is away: SMTPServerDisconnected")

    assert len(server.sessions) == 1


async def test_a_fresh_connection_that_is_cut_off_is_not_tried_for_ever() -> None:
    async with ScriptedSmtp(lambda _, line: HANG_UP if line == MAIL else None) as server, transport_to(server) as transport:
        assert isinstance(await transport.send(PARCEL), Away)

    assert len(server.sessions) == 1


async def test_a_sign_in_that_failed_is_not_tried_again_with_every_letter() -> None:
    async with (
        ScriptedSmtp(lambda _, line: "535 5.7.8 wrong" if line.startswith("AUTH") else None, extensions=("AUTH PLAIN",)) as server,
        transport_to(server, user="star:secret") as transport,
    ):
        assert await transport.send(PARCEL) == Ours("signing in to the mail server: 535")
        assert await transport.send(PARCEL) == Ours("signing in to the mail server failed a moment ago")

    assert len(server.sessions) == 1
    assert server.letters == []


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        ("CONNECT", "421 4.3.2 closed for the night", Away("connecting to the mail server: 421")),
        ("CONNECT", "554 5.7.1 not from your network", Ours("connecting to the mail server: 554")),
        ("MAIL", "550 5.1.8 your domain is unknown", Ours("MAIL 550 5.1.8 (the sender's address is refused)")),
        ("MAIL", "452 4.3.1 no room", Away("MAIL 452 4.3.1")),
        ("RCPT", "450 4.7.1 greylisted", Deferred("RCPT 450 4.7.1 (refused by policy)")),
        ("RCPT", "421 4.7.0 try later", Deferred("RCPT 421 4.7.0")),
        ("RCPT", "530 5.7.0 sign in first", Ours("RCPT 530 5.7.0")),
        ("RCPT", "550 5.7.1 relaying denied", Unwanted("RCPT 550 5.7.1 (refused by policy)")),
        ("RCPT", "501 5.1.3 bad address", NoSuchAddress("RCPT 501 5.1.3 (malformed address)", "5.1.3")),
        ("RCPT", "550 mailbox unavailable", Refused("RCPT 550", "550")),
        ("RCPT", "556 5.1.10 null MX", NoSuchAddress("RCPT 556 5.1.10 (the domain takes no mail)", "5.1.10")),
        ("DATA", "451 4.3.0 later", Deferred("DATA 451 4.3.0")),
        (".", "554 5.6.0 what is this", Unwanted("DATA 554 5.6.0")),
    ],
)
async def test_what_each_answer_means(command: str, answer: str, outcome: object) -> None:
    async with ScriptedSmtp(at(1, command, answer)) as server, transport_to(server) as transport:
        assert await transport.send(PARCEL) == outcome


async def test_a_server_that_reports_is_told_which_letter_it_is() -> None:
    async with ScriptedSmtp(extensions=("DSN",)) as server, transport_to(server) as transport:
        assert await transport.send(PARCEL) == Done()

    assert server.commands[:2] == [
        f"{MAIL} RET=HDRS ENVID=8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10",
        f"{RCPT} NOTIFY=FAILURE,DELAY",
    ]


async def test_letters_beyond_the_rate_go_back_until_their_turn_comes() -> None:
    async with ScriptedSmtp() as server, transport_to(server, pace=Pace(1)) as transport:
        assert await transport.send(PARCEL) == Done()
        outcome = await transport.send(PARCEL)

    assert isinstance(outcome, Retry)
    assert (outcome.detail, outcome.counts) == ("the rate limit is reached", False)
    assert outcome.after is not None
    assert timedelta(seconds=30) < outcome.after <= timedelta(minutes=1)
    assert len(server.letters) == 1


async def test_a_stop_ends_the_wait_for_a_turn() -> None:
    stop = asyncio.Event()
    async with ScriptedSmtp() as server, transport_to(server, pace=Pace(6, stop)) as transport:
        assert await transport.send(PARCEL) == Done()
        waiting = asyncio.create_task(transport.send(PARCEL))
        await asyncio.sleep(0)
        stop.set()
        outcome = await waiting

    assert outcome == Retry("stopped while it waited for its turn", timedelta(0), counts=False)
    assert len(server.letters) == 1


async def test_a_letter_that_can_be_no_email_is_never_tried() -> None:
    async with ScriptedSmtp() as server, transport_to(server) as transport:
        parcel = replace(PARCEL, id=UUID(int=1), recipient="mere@example.test\r\nBcc: all@example.test")
        assert await transport.send(parcel) == Unwanted("the letter can't be written as an e-mail")

    assert server.sessions == []


async def test_connections_that_the_server_turns_away_cost_no_letter_its_attempt() -> None:
    """It takes two from one client: the letters wait for those, and no third is asked for again."""

    def two_at_most(session: Session, command: str) -> str | None:
        return "421 4.7.0 too many connections" if command == "CONNECT" and session.number > 2 else None

    async with ScriptedSmtp(answers=two_at_most) as server, transport_to(server) as transport:
        assert await asyncio.gather(*(transport.send(PARCEL) for _ in range(12))) == [Done()] * 12
        carried = [session.number for session in server.sessions if "DATA" in session.commands]
        asked = len(server.sessions)
        assert set(carried) == {1, 2}
        assert await asyncio.gather(*(transport.send(PARCEL) for _ in range(12))) == [Done()] * 12
        assert len(server.sessions) == asked
