"""A parcel as the bytes of an e-mail: the same bytes at every attempt."""

from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from services.notifier.contacts.one_line import one_line
from services.notifier.delivery.transports.interface import Parcel

LONGEST_NAME: Final = 120
"""Characters of a display name; mail programs show fewer."""

LONGEST_SUBJECT: Final = 250
"""Characters of a subject: encoded and unbroken, it still fits the 998 bytes of a line (RFC 5322, section 2.1.1)."""


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
    # Only an address outside ASCII needs the extension; everything else travels encoded, through any server.
    message = EmailMessage(policy=policy.SMTP if parcel.recipient.isascii() else policy.SMTPUTF8)
    message["From"] = Address(_words(parcel.sender_name, LONGEST_NAME), addr_spec=mail_from)
    local, _, domain = parcel.recipient.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    if parcel.reply_to is not None:
        local, _, domain = parcel.reply_to.rpartition("@")
        message["Reply-To"] = Address(username=local, domain=domain)
    message["Subject"] = _words(parcel.subject, LONGEST_SUBJECT).rstrip()
    message["Date"] = format_datetime(parcel.written_at)
    message["Message-ID"] = parcel.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.text, cte="quoted-printable")
    message.add_alternative(parcel.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"star-{parcel.id.hex}")
    return message.as_bytes()


def _words(text: str, longest: int) -> str:
    """The text as a header holds it. `=?` begins an encoded word (RFC 2047): where a name has it, the library would break the header."""
    return one_line(text).replace("=?", "= ?")[:longest]
