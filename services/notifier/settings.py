"""The notifier's settings."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from services.notifier.recipients import usable_address
from services.notifier.transports.smtp_url import parse_smtp_url
from shared.settings import Settings


def _sender(address: str) -> str:
    usable = usable_address(address)
    if usable is None or not usable.isascii():
        raise ValueError("not an e-mail address that every mail server takes")
    return usable


def _smtp_url(url: str) -> str:
    if url:
        parse_smtp_url(url)
    return url


class NotifierSettings(Settings):
    """How letters are held, written and sent."""

    database_pool: int = Field(default=12, ge=4, le=100)
    """Connections: one for each letter under way, one for the relay, and one for each group of messages read."""

    hold: timedelta = Field(default=timedelta(hours=1), ge=timedelta(0), le=timedelta(days=14))
    """How long a letter waits after its crossing: the time in which a school mends a wrong roll before anybody is worried by it."""

    tell_within: timedelta = Field(default=timedelta(days=14), ge=timedelta(hours=1), le=timedelta(days=400))
    """Crossings that were said longer ago get no letter: a notifier with an empty database reads the whole topic again, and must not
    write to families about last term."""

    smtp_url: Annotated[str, AfterValidator(_smtp_url)] = Field(default="", repr=False)
    """`smtp://` (TLS when the server offers it), `smtp+starttls://` (TLS or nothing) or `smtps://` (TLS from the first byte), as in
    `smtp+starttls://user:password@mail.example.nz:587`; what is special in a URL is percent-encoded. Empty where the process brings
    a mail server of its own and fills it in."""

    smtp_timeout: timedelta = Field(default=timedelta(seconds=60), ge=timedelta(seconds=1), le=timedelta(minutes=10))
    """The bound on one attempt, connecting included. Servers that check a letter before they take it need up to half a minute."""

    mail_from: Annotated[str, AfterValidator(_sender)] = "no-reply@star.invalid"
    """The address letters come from, shown under the school's name. The sending domain's SPF and DKIM must know the server."""

    message_id_domain: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=200)] = (
        "notifier.star.invalid"
    )
    """The right half of every letter's Message-ID: a domain of the sender's own."""

    letters_at_once: int = Field(default=8, ge=1, le=64)
    """Letters sent side by side, each over a connection of its own. Mail servers commonly take ten to twenty from one client."""
