"""Whatever a school's system sends, an e-mail stays one e-mail: no header can be smuggled in, and any server can carry it."""

import uuid
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notifier.contacts.one_line import one_line
from services.notifier.delivery.transports.email_message import LONGEST_NAME, LONGEST_SUBJECT, as_email
from tests.unit.services.notifier.delivery.transports.test_email_message import PARCEL

FROM = "no-reply@star.invalid"
HEADERS = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]

breaks = ["\r\n", "\r", "\n", "\0", "\r\nBcc: all@example.test", "\n\n<html>", "\u2028", "\x85"]
syntax = ["=?utf-8?q?Bcc:?=", ", ", "<", '"', "\\", "ā", "😀", "\u202e", "@", ";", " "]
nasty = st.sampled_from(breaks + syntax)
anything = st.lists(st.one_of(st.text(max_size=40), nasty), max_size=12).map("".join)


def raw_headers(content: bytes) -> list[str]:
    """The names of the headers as a server sees them: lines up to the empty one, those that go on from the line before left out."""
    head = content.split(b"\r\n\r\n", maxsplit=1)[0]
    return [line.split(b":", maxsplit=1)[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]


def decoded(content: bytes, name: str) -> str:
    """A header as RFC 2047 has it read, by the older of the library's two readers: the newer one puts blanks between encoded words."""
    header = message_from_bytes(content, policy=policy.compat32)[name]
    return str(make_header(decode_header(header.replace("\r\n", ""))))


@settings(max_examples=400, deadline=None)
@given(anything, anything, anything, anything)
@example("", "", "", "")
@example("", "¡=??Q?:?==??Q?:?=", "", "")
@example("a" * 500, "b" * 500, "c" * 2000, "d" * 2000)
@example("ā" * 500, "ō" * 500, "ū" * 500, "😀" * 500)
@example("\ud800", "\udfff", "\ud800", "\ud800")
def test_no_words_break_out_of_their_place(subject: str, name: str, text: str, html: str) -> None:
    parcel = replace(PARCEL, subject=subject, sender_name=name, text=text, html=html)
    try:
        content = as_email(parcel, FROM)
    except ValueError:
        # Half a character can't be written at all.
        assert any("\ud800" <= character <= "\udfff" for character in text + html)
        return

    assert raw_headers(content) == HEADERS
    assert content.isascii()
    assert b"\0" not in content
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [address.addr_spec for address in message["From"].addresses] == [FROM]
    assert [address.addr_spec for address in message["To"].addresses] == ["mere@example.test"]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert len(decoded(content, "Subject")) <= LONGEST_SUBJECT
    assert len(decoded(content, "From").rpartition(" <")[0]) <= LONGEST_NAME + 2 + name.count('"') + name.count("\\")


@settings(max_examples=400, deadline=None)
@given(anything, anything, anything)
def test_an_address_is_one_or_there_is_no_email(recipient: str, reply_to: str, message_id: str) -> None:
    parcel = replace(PARCEL, id=uuid.UUID(int=7), recipient=recipient, reply_to=reply_to, message_id=message_id)
    try:
        content = as_email(parcel, FROM)
    except ValueError:
        return

    names = raw_headers(content)
    assert sorted(names) == sorted(HEADERS)
    assert b"\n" not in content.replace(b"\r\n", b"")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["L", "N", "Zs"], max_codepoint=0x2FF), min_size=1, max_size=60).filter(one_line))
def test_usual_names_arrive_as_they_were_written(name: str) -> None:
    content = as_email(replace(PARCEL, subject=name, sender_name=name), FROM)

    assert decoded(content, "Subject") == one_line(name)
    assert decoded(content, "From") == f"{one_line(name)} <{FROM}>".strip()


signs = st.sampled_from(
    [
        ", ",
        ",",
        "evil@attacker.test",
        "<evil@attacker.test>",
        '"',
        "\\",
        "(",
        ")",
        ";",
        ":",
        ".",
        "@",
        "[",
        "]",
        "ā",
        "😀",
        " ",
        "St ",
        "Kura",
    ]
)
names = st.one_of(st.text(max_size=200), st.lists(signs, max_size=80).map("".join))


@settings(max_examples=400, deadline=None)
@given(names)
@example("Kura of Sainte Marie, evil@attacker.test, the very long name of a school of many words")
@example("a, " * 40)
@example("x" * 110)
@example("x" * 109 + " y")
@example("<evil@attacker.test>, " * 5)
@example('"Kura", ' * 13)
def test_a_name_is_the_name_of_one_mailbox(name: str) -> None:
    content = as_email(replace(PARCEL, sender_name=name), FROM)

    words = one_line(name).replace("=?", "= ?")[:LONGEST_NAME].rstrip()
    header = message_from_bytes(content, policy=policy.compat32)["From"].replace("\r\n", "")
    ((shown, address),) = getaddresses([header])
    assert address == FROM
    assert str(make_header(decode_header(shown))) == words
    (mailbox,) = message_from_bytes(content, policy=policy.default)["From"].addresses
    assert mailbox.addr_spec == FROM
    # The newer reader puts blanks between encoded words.
    assert mailbox.display_name.replace(" ", "") == words.replace(" ", "")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "bc", ",", ".", '"', "'", "+", "<", ">", "x" * 30]), min_size=1, max_size=8).map("".join))
def test_a_local_part_is_part_of_one_mailbox(local: str) -> None:
    try:
        content = as_email(replace(PARCEL, recipient=f"{local}@example.test", reply_to=f"{local}@example.test"), FROM)
    except ValueError:
        return
    message = message_from_bytes(content, policy=policy.default)
    for name in ("To", "Reply-To"):
        (mailbox,) = message[name].addresses
        assert (mailbox.username, mailbox.domain) == (local, "example.test")
