"""A letter as the bytes of an e-mail."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.delivery.transports.email_message import as_email
from services.notifier.delivery.transports.interface import Parcel

PARCEL = Parcel(
    id=uuid.UUID("8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10"),
    channel="email",
    recipient="mere@example.test",
    sender_name="Ōtaki Example College",
    reply_to="office@otaki.example.nz",
    subject="Tāne has been away for 5.5 days this term",
    text="Kia ora e te whānau,\n\n.a line that begins with a dot\n" + "long " * 300 + "\n",
    html='<html lang="en-NZ"><p>Kia ora e te whānau</p></html>',
    message_id="<8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10@notifier.star.invalid>",
    written_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
)


def read(parcel: Parcel) -> EmailMessage:
    return message_from_bytes(as_email(parcel, "no-reply@star.invalid"), policy=policy.default)


def test_the_headers() -> None:
    message = read(PARCEL)

    assert dict(message.items()) | {"Content-Type": "", "MIME-Version": ""} == {
        "From": "Ōtaki Example College <no-reply@star.invalid>",
        "To": "mere@example.test",
        "Reply-To": "office@otaki.example.nz",
        "Subject": "Tāne has been away for 5.5 days this term",
        "Date": "Fri, 20 Nov 2026 02:00:00 +0000",
        "Message-ID": "<8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10@notifier.star.invalid>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": "",
        "MIME-Version": "",
    }


def test_both_forms_arrive_as_they_were_written() -> None:
    message = read(PARCEL)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))

    assert message.get_content_type() == "multipart/alternative"
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == PARCEL.text
    assert html.get_content().strip() == PARCEL.html


def test_every_attempt_sends_the_same_bytes() -> None:
    assert as_email(PARCEL, "no-reply@star.invalid") == as_email(PARCEL, "no-reply@star.invalid")


def test_any_server_can_carry_it() -> None:
    content = as_email(PARCEL, "no-reply@star.invalid")

    assert content.isascii()
    assert max(len(line) for line in content.splitlines()) <= 78


def test_without_a_contact_there_is_no_reply_to() -> None:
    assert "Reply-To" not in read(replace(PARCEL, reply_to=None))


@pytest.mark.parametrize("evil", ["Tāne\r\nBcc: all@example.nz", "Tāne\nBcc: all@example.nz", "Tāne\r\n\r\nBcc: all@example.nz", "a\x0bb"])
def test_no_name_becomes_a_header(evil: str) -> None:
    message = read(replace(PARCEL, subject=evil, sender_name=evil))

    assert "Bcc" not in message
    assert message["Subject"] == " ".join(evil.split())
    assert message["From"].addresses[0].addr_spec == "no-reply@star.invalid"
    assert message["From"].addresses[0].display_name == " ".join(evil.split())


EVIL_ADDRESS = "mere@example.nz\r\nBcc: all@example.nz"


@pytest.mark.parametrize(
    "parcel", [replace(PARCEL, recipient=EVIL_ADDRESS), replace(PARCEL, reply_to=EVIL_ADDRESS), replace(PARCEL, message_id=EVIL_ADDRESS)]
)
def test_an_address_with_a_line_break_is_never_sent(parcel: Parcel) -> None:
    with pytest.raises(ValueError, match=r"CR or LF|linefeed|newline"):
        as_email(parcel, "no-reply@star.invalid")


def test_a_name_with_marks_of_syntax_stays_a_name() -> None:
    message = read(replace(PARCEL, sender_name='St "Mary", the <School>; of @ll'))

    assert [address.addr_spec for address in message["From"].addresses] == ["no-reply@star.invalid"]
    assert message["From"].addresses[0].display_name == 'St "Mary", the <School>; of @ll'


def test_a_very_long_name_is_cut() -> None:
    message = read(replace(PARCEL, sender_name="Te Kura o Ōtaki " * 40))

    assert [address.addr_spec for address in message["From"].addresses] == ["no-reply@star.invalid"]
    assert len(message["From"].addresses[0].display_name) <= 120


def test_an_address_outside_ascii_is_written_in_utf8() -> None:
    content = as_email(replace(PARCEL, recipient="mēre@example.test"), "no-reply@star.invalid")

    assert "To: mēre@example.test".encode() in content


def by_library(parcel: Parcel) -> EmailMessage:
    """The e-mail as the standard library's own builder makes it, read again; no mailboxes, as it drops the quotes of those it folds."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = (
        " ".join("".join(c if c.isprintable() else " " for c in parcel.subject).split()).replace("=?", "= ?")[:250].rstrip()
    )
    message["Date"] = format_datetime(parcel.written_at)
    message["Message-ID"] = parcel.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.text, cte="quoted-printable")
    message.add_alternative(parcel.html, subtype="html", cte="quoted-printable")
    return message_from_bytes(message.as_bytes(), policy=policy.default)


HARD = (
    "Tāne",
    'O\'Brien-Ngāti, "the 2nd" <x@y>',
    "=?utf-8?q?not_a_word?=",
    "李小龙 " * 40,
    "a" * 250,
    "word " * 60,
    "🌊" * 60,
    "ẞ\u0301\u200b end",
    ".",
    "From here",
    " =20 = ",
    "tab\tand\x00null\r\n.\r\n",
)

hard_text = st.one_of(st.sampled_from(HARD), st.text(st.characters(exclude_categories=["Cs"]), max_size=300))


@given(hard_text, hard_text, hard_text, st.sampled_from(["mere@example.test", "mēre@example.test", '"a b"@example.test']))
@settings(deadline=None, max_examples=300)
def test_any_words_are_read_as_those_that_the_library_writes(subject: str, text: str, name: str, recipient: str) -> None:
    recipient = recipient if " " not in recipient else "mere@example.test"
    parcel = replace(PARCEL, subject=subject, text=text, html=f"<p>{text}</p>\n{name}", sender_name=name, recipient=recipient)
    content = as_email(parcel, "no-reply@star.invalid")
    ours, theirs = message_from_bytes(content, policy=policy.default), by_library(parcel)

    for header in ("Subject", "Date", "Message-ID", "Auto-Submitted"):
        assert str(ours[header]) == str(theirs[header]), header
    for kind in ("plain", "html"):
        mine, other = ours.get_body((kind,)), theirs.get_body((kind,))
        assert mine is not None
        assert other is not None
        assert mine.get_content() == other.get_content()
    # RFC 5322, section 2.1.1, and RFC 5321, section 2.3.8: short lines, each ended by CRLF and nothing else.
    lines = content.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    # RFC 6532: only an address outside ASCII needs a server that takes it.
    assert content.isascii() == recipient.isascii()
    (sender,) = ours["From"].addresses
    assert sender.addr_spec == "no-reply@star.invalid"
