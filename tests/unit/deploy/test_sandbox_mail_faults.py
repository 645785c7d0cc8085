"""The mail catcher's faults, as a real client meets them."""

import aiosmtplib
import pytest

from deploy.sandbox.mail import MailCatcher
from tests.unit.deploy.sandbox_mail import AROHA, WIREMU, letter, port_of, send


async def test_one_recipient_can_be_refused_for_a_while(catcher: MailCatcher) -> None:
    catcher.refuse(451, times=1, recipient="AROHA@example.nz", text="4.2.1 try later")

    refused = await send(catcher, letter(), AROHA, WIREMU)
    assert {address: answer.code for address, answer in refused.items()} == {AROHA: 451}
    assert await send(catcher, letter(), AROHA) == {}
    assert [message["to"] for message in catcher.messages()] == [[WIREMU], [AROHA]]


async def test_everyone_can_be_refused_until_cleared(catcher: MailCatcher) -> None:
    catcher.refuse(550, times=None, text="5.1.1 no such mailbox")

    for _ in range(3):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await send(catcher, letter(), AROHA, WIREMU)
        assert {error.code for error in refused.value.recipients} == {550}
        assert "5.1.1 no such mailbox" in refused.value.recipients[0].message
    catcher.clear_faults()
    assert await send(catcher, letter()) == {}


async def test_the_sender_can_be_refused(catcher: MailCatcher) -> None:
    catcher.refuse(452, times=1, stage="MAIL")

    with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
        await send(catcher, letter())
    assert refused.value.code == 452
    assert await send(catcher, letter()) == {}


async def test_the_content_can_be_refused_for_one_recipient(catcher: MailCatcher) -> None:
    catcher.refuse(554, times=None, recipient=WIREMU, stage="DATA")

    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(catcher, letter(), AROHA, WIREMU)
    assert refused.value.code == 554
    await send(catcher, letter(), AROHA)
    assert [message["to"] for message in catcher.messages()] == [[AROHA]]


async def test_a_421_is_heard_before_the_connection_closes(catcher: MailCatcher) -> None:
    catcher.refuse(421, times=1, stage="MAIL")

    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port_of(catcher), start_tls=False)
    await client.connect()
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await client.sendmail("a@b.nz", [AROHA], b"\r\n")
    assert refused.value.code == 421
    assert await send(catcher, letter()) == {}


async def test_a_dropped_letter_is_not_kept(catcher: MailCatcher) -> None:
    catcher.drop(2)

    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(catcher, letter())
    assert catcher.messages() == []
    await send(catcher, letter())
    assert len(catcher.messages()) == 1


async def test_a_letter_accepted_and_then_dropped_is_kept(catcher: MailCatcher) -> None:
    catcher.accept_then_drop(1)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(catcher, letter())
    assert len(catcher.messages()) == 1
    await send(catcher, letter())
    assert [message["message_id"] for message in catcher.messages()] == ["<crossing-1@star.example.nz>"] * 2


async def test_a_slow_server_outlasts_an_impatient_client(catcher: MailCatcher) -> None:
    catcher.latency = 60.0

    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port_of(catcher), start_tls=False, timeout=0.05)
    await client.connect(timeout=10)
    await client.ehlo(timeout=10)
    with pytest.raises(aiosmtplib.SMTPTimeoutError):
        await client.mail("a@b.nz")
    client.close()
    catcher.latency = 0.001
    assert await send(catcher, letter()) == {}


@pytest.mark.parametrize(
    ("code", "times", "options"),
    [
        (250, 1, {}),
        (600, 1, {}),
        (451, 0, {}),
        (451, 1, {"text": "two\r\nlines"}),
        (451, 1, {"recipient": AROHA, "stage": "MAIL"}),
    ],
)
async def test_a_fault_that_smtp_could_not_say_is_refused(catcher: MailCatcher, code: int, times: int, options: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        catcher.refuse(code, times, **options)  # type: ignore[arg-type]
