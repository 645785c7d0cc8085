"""The notifier's worker: reads the roster and the crossings, and works letters off."""

import asyncio

from services.notifier.app import SCHEMA
from services.notifier.handlers import crossings, roster
from services.notifier.rendering import Letters
from services.notifier.settings import NotifierSettings
from services.notifier.tasks.delivery import DeliveryTask
from services.notifier.tasks.letter import LetterTask
from services.notifier.transports.smtp import SmtpTransport
from services.notifier.transports.smtp_url import parse_smtp_url
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events import topics
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts


async def run_worker(settings: NotifierSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set. Raises ValueError when the settings name no mail server."""
    if not settings.smtp_url:
        raise ValueError("no mail server: set STAR_SMTP_URL, for example to smtp+starttls://user:password@mail.example.nz:587")
    server = parse_smtp_url(settings.smtp_url)
    email = SmtpTransport(server, mail_from=settings.mail_from, timeout=settings.smtp_timeout)
    box = DeadLetterBox(SCHEMA)
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        letter = LetterTask(parts.engine, Letters(), settings.message_id_domain, clock)
        delivery = DeliveryTask(parts.engine, {"email": email}, settings.hold, settings.smtp_timeout, clock)
        loops = {
            "roster": parts.consume(roster.GROUP, [topics.SCHOOLS, topics.STUDENTS], roster.RosterHandler(parts.engine, box, clock)),
            "crossings": parts.consume(
                crossings.GROUP,
                [topics.CROSSINGS],
                crossings.CrossingsHandler(parts.engine, box, settings.hold, clock, settings.tell_within),
            ),
            "work": parts.work([letter, delivery], concurrency=settings.letters_at_once),
            "relay": parts.relay(),
            "bells": parts.bells(),
        }
        try:
            await supervise(loops, stop)
        finally:
            await email.close()
