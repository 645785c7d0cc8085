"""The mail catcher over real SMTP: what it keeps, what it refuses, and what a restart leaves."""

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path

import aiosmtplib
import pytest

from deploy.sandbox.mail import MAX_MESSAGE_BYTES, MailCatcher
from tests.unit.deploy.sandbox_mail import AROHA, WIREMU, letter, over_http, port_of, send


async def test_a_letter_is_kept_as_a_caregiver_reads_it(catcher: MailCatcher) -> None:
    await send(catcher, letter(), AROHA, WIREMU)

    [message] = catcher.box.messages()
    received_at = datetime.fromisoformat(message["received_at"])
    assert message == {
        "to": [AROHA, WIREMU],
        "from": "Ōtara School <office@school.example.nz>",
        "subject": "Tūpono: five days away",
        "text": "Kia ora e te whānau,\n\nTūpono has been away five days.\n",
        "html": "<p>Kia ora e te whānau,</p><p>Tūpono has been away <b>five</b> days.</p>\n",
        "message_id": "<crossing-1@star.example.nz>",
        "received_at": message["received_at"],
    }
    assert received_at.utcoffset() == timedelta(0)


async def test_letters_come_newest_last_and_are_found_by_envelope_recipient(catcher: MailCatcher) -> None:
    for number in range(5):
        await send(catcher, letter(subject=f"letter {number}"), WIREMU if number % 2 else AROHA)

    assert [message["subject"] for message in catcher.box.messages()] == [f"letter {number}" for number in range(5)]
    assert [message["subject"] for message in catcher.box.messages(to="Aroha@Example.nz")] == ["letter 0", "letter 2", "letter 4"]
    assert [message["subject"] for message in catcher.box.messages(limit=2)] == ["letter 3", "letter 4"]
    assert [message["subject"] for message in catcher.box.messages(to=WIREMU, limit=1)] == ["letter 3"]
    assert catcher.box.messages(to="nobody@example.nz") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"no headers at all",
        b"Subject: =?utf-9?q?what?=\r\nFrom: <<>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary",
        b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/related\r\n\r\nno parts\r\n--x--",
        b"From: \xff\xfe\r\nMessage-ID: <<<\r\n\r\nbody",
    ],
)
async def test_a_malformed_letter_is_kept_and_shown_all_the_same(catcher: MailCatcher, raw: bytes) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port_of(catcher), start_tls=False) as client:
        await client.sendmail("a@b.nz", [AROHA], raw)

    async with over_http(catcher) as http:
        assert len((await http.get("/mail")).json()["messages"]) == 1


async def test_a_restart_keeps_the_letters_and_their_order(tmp_path: Path) -> None:
    first = MailCatcher(tmp_path)
    await first.start()
    for number in range(3):
        await send(first, letter(subject=f"letter {number}"))
    before = first.box.messages()
    await first.stop()
    (tmp_path / "00000000000000000009.json.tmp").write_bytes(b'{"to":')

    second = MailCatcher(tmp_path)
    await second.start()
    assert second.box.messages() == before
    await send(second, letter(subject="letter 3"))
    assert [message["subject"] for message in second.box.messages()] == [f"letter {number}" for number in range(4)]
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"] * 4
    await second.stop()


async def test_stopping_hangs_up_and_frees_the_port(tmp_path: Path) -> None:
    catcher = MailCatcher(tmp_path)
    await catcher.start()
    port = port_of(catcher)
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    await catcher.stop()
    await catcher.stop()
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await client.noop()

    again = MailCatcher(tmp_path, port=port)
    await again.start()
    assert again.url == f"smtp://127.0.0.1:{port}"
    await again.stop()
    with pytest.raises(RuntimeError):
        _ = again.url


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        MailCatcher(tmp_path, host="0.0.0.0")


@pytest.mark.parametrize("address", ["aroha", "aroha@", "@example.nz", "a..b@example.nz", "aroha@-example.nz", "mākere@example.nz"])
async def test_malformed_recipients_are_refused(catcher: MailCatcher, address: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(catcher))
    answers = []
    for line in ("EHLO me", "MAIL FROM:<>", f"RCPT TO:<{address}>", "QUIT"):
        writer.write(f"{line}\r\n".encode())
    while data := await reader.readline():
        if re.match(rb"\d{3} ", data):
            answers.append(data[:3])
    writer.close()
    assert answers == [b"220", b"250", b"250", b"553", b"221"]


async def test_too_large_a_letter_is_refused(catcher: MailCatcher) -> None:
    line = b"x" * 70 + b"\r\n"
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port_of(catcher), start_tls=False) as client:
        await client.mail("a@b.nz")
        await client.rcpt(AROHA)
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await client.data(line * (MAX_MESSAGE_BYTES // len(line) + 1))
    assert refused.value.code == 552
    assert catcher.box.messages() == []


async def test_a_full_disk_is_a_temporary_refusal(catcher: MailCatcher, tmp_path: Path) -> None:
    (tmp_path / "mail").rmdir()

    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(catcher, letter())
    assert refused.value.code == 451
    assert catcher.box.messages() == []
    (tmp_path / "mail").mkdir()
    assert await send(catcher, letter()) == {}
