"""The loops that serve partners: events in, webhooks out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.notifier.partners.courier import AddressBook, Courier
from services.notifier.partners.handler import TOPICS, PartnerEventsHandler
from services.notifier.partners.task import WebhookTask
from services.notifier.partners.vault import open_vault
from services.notifier.settings import NotifierSettings
from shared.deadletters.box import DeadLetterBox
from shared.supervisor import Loop
from shared.worker import WorkerParts


@asynccontextmanager
async def partner_loops(parts: WorkerParts, settings: NotifierSettings, box: DeadLetterBox) -> AsyncIterator[dict[str, Loop]]:
    """The loops, by name; what they hold is let go of afterwards.

    Webhooks have a loop of their own over the worklist, so that no receiver can keep a letter waiting.
    """
    clock, at_once = parts.clock, settings.webhooks_at_once
    book = AddressBook(settings.webhook_guard, at_once=at_once)
    courier = Courier(book, timeout=settings.webhook_timeout, at_once=at_once, clock=clock)
    webhook = WebhookTask(
        parts.engine,
        courier,
        open_vault(settings.secrets_key, settings.data),
        send_within=settings.webhook_timeout,
        each=settings.webhooks_at_once_each,
        failing=at_once // 2,
        clock=clock,
    )
    handler = PartnerEventsHandler(box, clock, kept=settings.partner_events_kept)

    try:
        yield {
            "partners": parts.consume("partners", TOPICS, handler, by_clock=True),
            "webhooks": parts.work([webhook], concurrency=at_once, name="webhooks"),
        }
    finally:
        await courier.close()
        book.close()
