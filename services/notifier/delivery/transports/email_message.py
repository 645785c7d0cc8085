"""A parcel as the bytes of an e-mail: the same bytes at every attempt.

They are put together here: the library's `EmailMessage` parses and folds each header anew, and took a third of a delivery's time. Tests
hold the two against each other.
"""

import re
from binascii import b2a_qp
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from typing import Final

from services.notifier.contacts.one_line import one_line
from services.notifier.delivery.transports.interface import Parcel

LONGEST_NAME: Final = 110
"""Characters of a display name; mail programs show fewer."""

LONGEST_SUBJECT: Final = 250
"""Characters of a subject: encoded and unbroken, it still fits the 998 bytes of a line (RFC 5322, section 2.1.1)."""


LINE: Final = 76

_PLAIN: Final = re.compile(r"(?=.{1,50}\Z)[A-Za-z0-9'&/-]+(?: [A-Za-z0-9'&/-]+)*")
"""Atoms (RFC 5322, section 3.2.3) that fit into a line with an address."""


def as_email(parcel: Parcel, mail_from: str) -> bytes:
    """Plain text with HTML as the alternative, marked so that no machine answers it.

    These headers and no others, each once, all of them here: a relay that signs (DKIM) has nothing to add but its signature.
    Raises ValueError for an address or an id that would break its header.
    """
    for address in (parcel.recipient, parcel.message_id, *([parcel.reply_to] if parcel.reply_to is not None else [])):
        _check(address)
    try:
        return _written(parcel, mail_from)
    except (LookupError, AttributeError, TypeError, MessageError) as error:
        # What the library makes of text that is no address, where it does not say so.
        raise ValueError("an address or an id that can't be written") from error


def _check(address: str) -> None:
    if "@" not in address or any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError("an address or an id without an @, or with a blank, CR or LF in it")


def _written(parcel: Parcel, mail_from: str) -> bytes:
    boundary = f"star-{parcel.id.hex}"
    lines = [
        f"From: {_name(_words(parcel.sender_name, LONGEST_NAME))}<{mail_from}>",
        f"To: {_address(parcel.recipient)}",
        *([f"Reply-To: {_address(parcel.reply_to)}"] if parcel.reply_to is not None else []),
        f"Subject: {_subject(_words(parcel.subject, LONGEST_SUBJECT))}",
        f"Date: {format_datetime(parcel.written_at)}",
        f"Message-ID: {parcel.message_id}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        f' boundary="{boundary}"',
        "",
        *_part(boundary, "plain", parcel.text),
        *_part(boundary, "html", parcel.html),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def _part(boundary: str, subtype: str, text: str) -> tuple[str, ...]:
    # The C library's own quoted-printable (RFC 2045, section 6.7), which takes the line's ends from the text's.
    body = b2a_qp(b"\r\n".join(text.encode().splitlines()) + b"\r\n", istext=True).decode("ascii")
    return f"--{boundary}", f'Content-Type: text/{subtype}; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable", "", body


def _subject(words: str) -> str:
    """As it is where it is printable ASCII that fits a line, else as encoded words; a name's rules for quotes don't hold here."""
    if len(words) <= LINE - len("Subject: ") and words.isascii() and words.isprintable():
        return words
    return Header(words, "utf-8", maxlinelen=LINE, header_name="Subject").encode(linesep="\r\n")


def _name(name: str) -> str:
    """A display name before its address: as it is where it is made of plain words, else as encoded words (RFC 2047, section 5)."""
    if not name:
        return ""
    if _PLAIN.fullmatch(name):
        return f"{name} "
    return Header(name, "utf-8", maxlinelen=LINE, header_name="From").encode(linesep="\r\n") + "\r\n "


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain).addr_spec


def _words(text: str, longest: int) -> str:
    """The text as a header holds it. `=?` begins an encoded word (RFC 2047): where a name has it, the library would break the header."""
    return one_line(text).replace("=?", "= ?")[:longest].rstrip()
