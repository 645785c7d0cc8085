"""The notifier's worker: reads the roster, the crossings, holds and plans, works letters off, and serves partners."""

import asyncio
from dataclasses import replace
from typing import Final

from services.notifier.contacts.erasing import erase as erase_contact
from services.notifier.contacts.erasing import erase_addresses
from services.notifier.contacts.handler import RosterHandler
from services.notifier.contacts.retention import retention_rules as addresses_kept
from services.notifier.delivery.deliveries.task import AHEAD, BACKOFF, DeliveryTask
from services.notifier.delivery.retention import retention_rules as letters_kept
from services.notifier.delivery.transports.factory import open_transports
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.ended_terms import delivery_is_over
from services.notifier.letters.erasing import erase as erase_letters
from services.notifier.letters.handlers.crossings import GROUP as CROSSINGS_GROUP
from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.notifier.letters.handlers.holds import HoldsHandler
from services.notifier.letters.handlers.standings import StandingsHandler
from services.notifier.letters.handlers.statements import StatementsHandler
from services.notifier.letters.renewing import LetterRenewer
from services.notifier.letters.retention import retention_rules as cases_kept
from services.notifier.letters.roster import follow_roster as letters_follow
from services.notifier.letters.rounds.task import RoundTask
from services.notifier.letters.task import LetterTask
from services.notifier.letters.withdrawing import LetterCloser
from services.notifier.letters.writing import LetterWriter
from services.notifier.partners.loops import partner_loops
from services.notifier.partners.retention import retention_rules as partner_events_kept
from services.notifier.partners.task import WebhookTask
from services.notifier.partners.vault import keys_of
from services.notifier.printings.retention import retention_rules as printings_kept
from services.notifier.replies.erasing import erase as erase_replies
from services.notifier.replies.linking import Linker, LinkFiller
from services.notifier.replies.retention import retention_rules as reply_links_kept
from services.notifier.replies.tokens import Tokens
from services.notifier.settings import SCHEMA, NotifierSettings
from services.notifier.staff_mail.handler import PlansHandler
from services.notifier.staff_mail.retention import retention_rules as notices_kept
from services.notifier.staff_mail.roster import follow_roster as staff_mail_follows
from services.notifier.staff_mail.tasks.digest import DigestTask
from services.notifier.staff_mail.tasks.notice import NoticeTask
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.staff import StaffLetters
from services.notifier.templates.retention import retention_rules as trials_kept
from services.notifier.templates.task import TrialTask
from services.notifier.templates.texts import Texts
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.erasures.erasure import Erase
from shared.erasures.handler import ErasuresHandler
from shared.events import topics
from shared.retention import Rule
from shared.set_up import SetUpError
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts

LETTERS_TOGETHER: Final = 50
"""Letters that are written in one transaction: it locks their cases for a tenth of a second or two."""

STAFF_MAIL_AT_ONCE: Final = 4

ROOMS: Final[tuple[Erase, ...]] = (erase_contact, erase_letters, erase_replies, erase_addresses)
"""The rooms of this service that hold personal data, in the order of their locks: contacts, cases, addresses."""


def roster_handler(box: DeadLetterBox, clock: Clock) -> RosterHandler:
    """The handler of the roster, followed by the rooms that act on its changes: letters first, as they lock cases."""
    return RosterHandler(box, clock, followers=[letters_follow, staff_mail_follows])


def kept(settings: NotifierSettings, clock: Clock = utc_now) -> tuple[Rule, ...]:
    """How long this service keeps what, beside the rules that all services share."""
    return (
        *letters_kept(settings.letters_kept, clock),
        *cases_kept(settings.register_kept, settings.work_kept),
        *notices_kept(settings.work_kept, settings.letters_kept),
        *reply_links_kept(settings.work_kept),
        *addresses_kept(settings.letters_kept),
        *trials_kept(settings.work_kept),
        *printings_kept(settings.letters_kept),
        *partner_events_kept(settings.partner_events_kept),
    )


async def run_worker(settings: NotifierSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set. Raises SetUpError when the settings name no mail server."""
    if not settings.smtp_url:
        raise SetUpError("no mail server: set STAR_SMTP_URL, for example to smtp+starttls://user:password@mail.example.nz:587")
    box = DeadLetterBox(SCHEMA)
    async with (
        open_transports(settings, stop, clock) as transports,
        worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts,
    ):
        email = transports.email
        texts = Texts() if transports.text is not None else None
        writer = LetterWriter(Letters(), texts, settings.message_id_domain)
        corrector = Corrector(writer, settings.policy_defaults)
        tokens = Tokens(keys_of(settings.secrets_key, settings.data))
        linker = Linker(settings.reply_url, tokens)
        letter = LetterTask(parts.engine, writer, clock, settings.policy_defaults, linker=linker)
        digest = DigestTask(parts.engine, settings.message_id_domain, clock)
        notice = NoticeTask(parts.engine, email, StaffLetters(), settings.smtp_timeout, clock, settings.console_url)
        delivery = DeliveryTask(
            parts.engine,
            transports.by_channel(),
            LetterCloser(settings.hold, settings.policy_defaults.window),
            LetterRenewer(writer, corrector, clock, linker),
            max(settings.smtp_timeout, settings.text_timeout),
            clock,
            replace(BACKOFF, first=settings.delivery_pause, longest=settings.delivery_longest_pause),
            settings.soft_bounces,
            delivery_is_over,
            LinkFiller(parts.engine, tokens),
            places=asyncio.Semaphore(settings.letters_at_once),
        )
        trial = TrialTask(parts.engine, email, settings.smtp_timeout, clock)
        loops = {
            "erasures": parts.consume("erasures", [topics.ERASURES], ErasuresHandler(box, clock, rooms=ROOMS)),
            "roster": parts.consume("roster", [topics.SCHOOLS, topics.STUDENTS], roster_handler(box, clock)),
            "crossings": parts.consume(
                CROSSINGS_GROUP,
                [topics.CROSSINGS],
                CrossingsHandler(box, clock, hold=settings.hold, window=settings.policy_defaults.window, tell_within=settings.tell_within),
                by_clock=True,
            ),
            "standings": parts.consume("standings", [topics.STANDINGS], StandingsHandler(box, clock, corrector=corrector)),
            "statements": parts.consume(
                "statements",
                [topics.STATEMENTS],
                StatementsHandler(box, clock, hold=settings.hold, window=settings.policy_defaults.window, tell_within=settings.tell_within),
                by_clock=True,
            ),
            "holds": parts.consume("holds", [topics.LETTER_HOLDS], HoldsHandler(box, clock)),
            "plans": parts.consume(
                "plans",
                [topics.PLANS],
                PlansHandler(box, clock, message_id_domain=settings.message_id_domain, tell_within=settings.tell_within),
                by_clock=True,
            ),
            # Letters are written, sent, and told of to staff in loops of their own: none of the three keeps another waiting.
            "letters": parts.work([letter], concurrency=LETTERS_TOGETHER, name="letters"),
            "deliveries": parts.work([delivery], concurrency=settings.letters_at_once * AHEAD, name="deliveries"),
            "work": parts.work([trial, digest, notice, RoundTask(parts.engine, clock)], concurrency=STAFF_MAIL_AT_ONCE),
            "relay": parts.relay(),
            "retention": parts.retention(kept(settings, clock), history=[DeliveryTask.kind, NoticeTask.kind, WebhookTask.kind]),
            "bells": parts.bells(),
            "clock": parts.clock_watch(),
        }
        async with partner_loops(parts, settings, box) as partners:
            await supervise(loops | partners, stop)
