"""A parcel as the bytes of an e-mail: the same bytes at every attempt."""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from services.notifier.transports.interface import Parcel
from services.notifier.words import one_line

LONGEST_NAME: Final = 120
"""Characters of a display name; mail programs show fewer."""


def as_email(parcel: Parcel, mail_from: str) -> bytes:
    """Plain text with HTML as the alternative, marked so that no machine answers it."""
    # Only an address outside ASCII needs the extension; everything else travels encoded, through any server.
    message = EmailMessage(policy=policy.SMTP if parcel.recipient.isascii() else policy.SMTPUTF8)
    message["From"] = Address(one_line(parcel.sender_name)[:LONGEST_NAME], addr_spec=mail_from)
    local, _, domain = parcel.recipient.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    if parcel.reply_to is not None:
        local, _, domain = parcel.reply_to.rpartition("@")
        message["Reply-To"] = Address(username=local, domain=domain)
    message["Subject"] = one_line(parcel.subject)
    message["Date"] = format_datetime(parcel.written_at)
    message["Message-ID"] = parcel.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.text, cte="quoted-printable")
    message.add_alternative(parcel.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"star-{parcel.id.hex}")
    return message.as_bytes()
