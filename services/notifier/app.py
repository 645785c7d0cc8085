"""The notifier: letters to caregivers, and every delivery of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI

from services.notifier.contacts.repository.contacts import zone_of
from services.notifier.delivery.bounces import api as bounces
from services.notifier.delivery.bounces import returning
from services.notifier.delivery.deliveries import api as deliveries
from services.notifier.delivery.measures import measure_deliveries
from services.notifier.flat_tables import api as flat_tables
from services.notifier.letters.api import (
    bad_addresses,
    caregiver_statuses,
    caregivers,
    corrections,
    families,
    policy,
    releases,
    summaries,
    waiting,
)
from services.notifier.letters.measures import measure_letters
from services.notifier.partners.api import listeners, subscriptions
from services.notifier.partners.courier import AddressBook
from services.notifier.partners.measures import measure_partners
from services.notifier.partners.vault import open_vault
from services.notifier.printings import api as printings
from services.notifier.rehearsals import api as rehearsals
from services.notifier.replies.api import public as reply_pages
from services.notifier.replies.api import staff as replies
from services.notifier.settings import SCHEMA, NotifierSettings
from services.notifier.staff_mail import api as notices
from services.notifier.state import NotifierState
from services.notifier.templates.api import previews, templates
from shared.audit.api import audit_router
from shared.clock import Clock, utc_now
from shared.deadletters.api import dead_letters_router
from shared.deadletters.box import DeadLetterBox
from shared.erasures.api import erasures_router
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app
from shared.web.state import open_resources


def create_app(settings: NotifierSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The notifier's app. `progress` is shared with the workers of the same process, where there are any."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[NotifierState]:
        async with open_resources(SCHEMA, settings, progress, clock) as resources:
            with closing(AddressBook(settings.webhook_guard)) as addresses:
                vault = open_vault(settings.secrets_key, settings.data)
                yield NotifierState(**resources, settings=settings, vault=vault, addresses=addresses)

    routers = [
        deliveries.router,
        bounces.router,
        returning.router,
        flat_tables.router,
        corrections.router,
        bad_addresses.router,
        caregiver_statuses.router,
        caregivers.router,
        families.router,
        policy.router,
        releases.router,
        waiting.router,
        rehearsals.router,
        printings.router,
        summaries.router,
        notices.router,
        replies.router,
        reply_pages.router,
        templates.router,
        previews.router,
        subscriptions.router,
        listeners.router,
        erasures_router(),
        audit_router(zone_of),
        dead_letters_router(DeadLetterBox(SCHEMA)),
    ]
    measures = [measure_letters, measure_deliveries, measure_partners]
    return create_service_app("notifier", "Letters to caregivers, and every delivery of them", lifespan, routers, settings, measures)
