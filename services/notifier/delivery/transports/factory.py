"""The ways out that the settings name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.notifier.contacts.recipients import Channel
from services.notifier.delivery.transports.interface import Transport
from services.notifier.delivery.transports.rate import Pace
from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_pool import PoolLimits
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from services.notifier.delivery.transports.text_gateway import TextGateway, TextTransport
from services.notifier.settings import NotifierSettings
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Transports:
    """E-mail, which there always is, and a text gateway where one is named."""

    email: SmtpTransport
    text: TextTransport | None

    def by_channel(self) -> dict[Channel, Transport]:
        """The transports by the channels they serve."""
        found: dict[Channel, Transport] = {"email": self.email}
        if self.text is not None:
            found["text"] = self.text
        return found


def email_transport(settings: NotifierSettings, stop: asyncio.Event | None = None) -> SmtpTransport:
    """The way out by e-mail."""
    return SmtpTransport(
        parse_smtp_url(settings.smtp_url),
        mail_from=settings.mail_from,
        timeout=settings.smtp_timeout,
        limits=PoolLimits(settings.letters_at_once, settings.smtp_letters_each, settings.smtp_idle.total_seconds()),
        pace=Pace(settings.smtp_per_minute or None, stop),
    )


@asynccontextmanager
async def open_transports(settings: NotifierSettings, stop: asyncio.Event, clock: Clock) -> AsyncIterator[Transports]:
    """Opens them, and lets go of their connections in the end."""
    async with AsyncExitStack() as stack:
        email = email_transport(settings, stop)
        stack.push_async_callback(email.close)
        text = None
        if settings.text_url:
            gateway = TextGateway(settings.text_url, settings.text_token, settings.text_fields)
            pace = Pace(settings.text_per_minute or None, stop)
            text = TextTransport(gateway, timeout=settings.text_timeout, pace=pace, clock=clock)
            stack.push_async_callback(text.close)
        yield Transports(email, text)
