"""Writes a delivery anew when what it says is no longer so, before it goes."""

import uuid
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.recipients import still_there
from services.notifier.contacts.repository import contacts, decisions
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.case import Draft, is_so
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.repository import cases, corrections, letters
from services.notifier.letters.withdrawing import withdraw
from services.notifier.letters.writing import LetterWriter, Sheet
from services.notifier.replies.choice import RepliesChoice
from services.notifier.replies.linking import Linker
from services.notifier.replies.repository import links
from services.notifier.templates.rendering.occasions import NO_MORE
from services.notifier.templates.repository import templates
from shared.attendance.tiers import highest_threshold
from shared.clock import Clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LetterRenewer:
    """The task of deliveries calls it when a student's standing is another than when the delivery was written."""

    writer: LetterWriter
    corrector: Corrector
    clock: Clock
    linker: Linker | None = None

    async def __call__(self, connection: AsyncConnection, delivery_id: uuid.UUID) -> None:
        """Rewrites the delivery. The letter of a student who is under its threshold by now is withdrawn: the retraction is on its way."""
        key = await deliveries.lock(connection, delivery_id)
        case = (await cases.lock(connection, [(key.student_id, key.term)]))[key.student_id, key.term]
        now = self.clock()
        waiting = await corrections.get(connection, delivery_id)
        if waiting is not None and waiting.corrects is not None:
            await self.corrector.renew(connection, case, delivery_id, waiting.corrects, now)
            return
        threshold = await letters.written_threshold(connection, key.letter_id)
        occasion = await letters.written_occasion(connection, key.letter_id) if threshold is None else None
        school, contact = await contacts.school(connection, key.school), await contacts.contact(connection, key.student_id)
        kind = threshold if occasion is None else occasion.kind
        if kind is None or school is None or contact is None:
            return
        if occasion is not None and not is_so(case, occasion):
            await deliveries.cancelled(connection, delivery_id, "not-so-now")
            return
        if threshold is not None and (highest_threshold(case.tier) or 0) < threshold:
            await withdraw(connection, [(case, key.letter_id, Draft(uuid.uuid4(), uuid.uuid4(), now))], "retracted", now)
            return
        recipient = still_there(key.channel, key.recipient or "", contact, await decisions.of(connection, key.school))
        if recipient is None:
            await deliveries.cancelled(connection, delivery_id, "recipient-gone")
            return
        link = None
        if self.linker is not None and await links.digest(connection, delivery_id) is not None:
            link = self.linker.address(RepliesChoice())
        more = NO_MORE if occasion is None else occasion.about
        sheet = Sheet(kind, case, school, contact, await templates.in_force(connection, key.school, kind), link, more)
        parcel, written = self.writer.write(sheet, recipient, delivery_id, now)
        await deliveries.rewrite(connection, parcel, sheet.told)
        if key.channel != "text":
            await templates.note_used(connection, delivery_id, written.language, written.version)
        log.info("delivery.written_anew", delivery=str(delivery_id), standing=case.standing)
