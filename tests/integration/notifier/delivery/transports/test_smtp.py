"""The way out by SMTP, against a real server."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from deploy.sandbox.mail import MailCatcher
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.delivery.transports.outcomes import Away, Deferred, Full, NoSuchAddress, Ours, Refused, Unwanted
from services.notifier.delivery.transports.smtp import CERTIFICATE, SmtpTransport
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from shared.worklist.tasks import Done, Retry

PARCEL = Parcel(
    id=uuid.UUID("8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10"),
    channel="email",
    recipient="mere@example.test",
    sender_name="Ōtaki Example College",
    reply_to="office@otaki.example.nz",
    subject="Tāne has been away for 5.5 days this term",
    text="Kia ora,\n\n.dot\n..dots\nFrom here\n",
    html="<p>Kia ora</p>",
    message_id="<one@notifier.star.invalid>",
    written_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
)


def transport_to(url: str, timeout: timedelta = timedelta(seconds=20)) -> SmtpTransport:
    return SmtpTransport(parse_smtp_url(url), mail_from="no-reply@star.invalid", timeout=timeout)


@pytest.fixture
async def transport(catcher: MailCatcher) -> AsyncIterator[SmtpTransport]:
    transport = transport_to(catcher.url)
    yield transport
    await transport.close()


async def test_what_arrives_is_what_was_written(catcher: MailCatcher, transport: SmtpTransport) -> None:
    assert await transport.send(PARCEL) == Done()

    (mail,) = catcher.box.messages()
    assert (mail["text"], mail["subject"], mail["message_id"]) == (PARCEL.text, PARCEL.subject, PARCEL.message_id)
    source = await catcher.box.source(catcher.box.letters()[0].key)
    assert source is not None
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in source
    assert b"\r\nReply-To: office@otaki.example.nz\r\n" in source


async def test_one_connection_carries_letter_after_letter(catcher: MailCatcher, transport: SmtpTransport) -> None:
    catcher.refuse(550, times=1)
    outcomes = [await transport.send(PARCEL) for _ in range(4)]

    assert [type(outcome) for outcome in outcomes] == [Refused, Done, Done, Done]
    assert len(catcher._connections) == 1


async def test_letters_side_by_side_have_a_connection_each(catcher: MailCatcher, transport: SmtpTransport) -> None:
    catcher.latency = 0.05
    outcomes = await asyncio.gather(*(transport.send(PARCEL) for _ in range(5)))

    assert outcomes == [Done()] * 5
    assert len(catcher._connections) == 5


async def test_a_connection_that_the_server_closed_is_made_anew(catcher: MailCatcher, transport: SmtpTransport) -> None:
    await transport.send(PARCEL)
    for connection in list(catcher._connections):
        connection.hang_up()

    assert await transport.send(PARCEL) == Done()


async def test_after_a_broken_attempt_the_next_one_connects_anew(catcher: MailCatcher, transport: SmtpTransport) -> None:
    catcher.drop(1)
    assert await transport.send(PARCEL) == Away("the mail server is away: SMTPServerDisconnected")
    catcher.refuse(421, times=1)
    assert await transport.send(PARCEL) == Deferred("RCPT 421")
    assert await transport.send(PARCEL) == Done()


async def test_a_server_that_does_not_answer_costs_no_more_than_the_timeout(catcher: MailCatcher) -> None:
    catcher.latency = 30.0
    transport = transport_to(catcher.url, timedelta(milliseconds=300))

    outcome = await transport.send(PARCEL)

    assert isinstance(outcome, Away)
    assert "Timeout" in outcome.detail
    await transport.close()


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(catcher: MailCatcher) -> None:
    address = catcher.url.removeprefix("smtp://")
    for scheme in ("smtp+starttls", "smtps"):
        transport = transport_to(f"{scheme}://{address}", timedelta(seconds=5))
        assert isinstance(await transport.send(PARCEL), Retry)
        await transport.close()
    assert catcher.box.messages() == []


async def test_a_sign_in_that_does_not_work_is_ours_to_mend(catcher: MailCatcher) -> None:
    transport = transport_to(catcher.url.replace("smtp://", "smtp://star:secret@"))

    assert isinstance(await transport.send(PARCEL), Retry)
    await transport.close()


async def test_an_address_outside_ascii(catcher: MailCatcher, transport: SmtpTransport) -> None:
    assert await transport.send(replace(PARCEL, recipient="mēre@example.test")) == Done()
    assert catcher.box.messages()[0]["to"] == ["mēre@example.test"]


async def test_a_refusal_of_the_content(catcher: MailCatcher, transport: SmtpTransport) -> None:
    catcher.refuse(552, times=1, text="5.2.2 mere@example.test is over quota", stage="DATA")
    catcher.refuse(452, times=1, text="4.3.1 disk full", stage="DATA")

    catcher.refuse(554, times=1, text="5.7.1 looks like spam", stage="DATA")
    catcher.refuse(550, times=1, text="5.1.1 no mailbox here by that name", stage="DATA")

    assert await transport.send(PARCEL) == Full("DATA 552 5.2.2 (mailbox full)")
    assert await transport.send(PARCEL) == Deferred("DATA 452 4.3.1")
    assert await transport.send(PARCEL) == Unwanted("DATA 554 5.7.1 (refused by policy)")
    assert await transport.send(PARCEL) == NoSuchAddress("DATA 550 5.1.1 (no such mailbox)", "5.1.1")


@asynccontextmanager
async def mail_server_of_another(security: str) -> AsyncIterator[str]:
    """A server with another's certificate, by an authority that nobody trusts; answers its URL."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("mail.another.test").configure_cert(tls)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 another\r\n")
            await reader.readline()
            writer.write(b"250-another\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go on\r\n")
            await writer.start_tls(tls)
            await reader.read()
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls if security == "smtps" else None)
    async with server:
        yield f"{security}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("security", ["smtp", "smtp+starttls", "smtps"])
async def test_anothers_certificate_is_a_fault_of_the_set_up(security: str) -> None:
    async with mail_server_of_another(security) as url:
        transport = transport_to(url)
        assert await transport.send(PARCEL) == Ours(CERTIFICATE)
        await transport.close()
