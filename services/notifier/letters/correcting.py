"""Takes back a letter whose days were corrected after it went: a short letter of correction, once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.recipients import still_there
from services.notifier.contacts.repository import contacts, decisions
from services.notifier.contacts.sending_window import next_opening
from services.notifier.delivery.deliveries.correcting import (
    CorrectableLetter,
    CorrectionRefusal,
    in_no_other_term,
    refusal_of,
    wrong_days,
)
from services.notifier.delivery.deliveries.delivery import Told
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.letters.case import Case
from services.notifier.letters.policy import Policy, PolicyDefaults, is_over, with_defaults
from services.notifier.letters.repository import corrections, policies
from services.notifier.letters.writing import LetterWriter, on_paper
from services.notifier.templates.rendering.occasions import occasion_of
from shared.events.data import AbsentDay
from shared.identifiers import correction_id

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Corrector:
    """Writes letters of correction. The case that they are about is locked."""

    writer: LetterWriter
    defaults: PolicyDefaults

    async def correct(
        self,
        connection: AsyncConnection,
        case: Case,
        sent: CorrectableLetter,
        *,
        by: str,
        because: str | None,
        due_at: datetime | None,
        now: datetime,
        id_: uuid.UUID | None = None,
    ) -> Parcel | CorrectionRefusal:
        """Writes a correction of the delivery, due now or then; or says why there is none. `id_`: the correction's, where a request has a
        key; otherwise it follows from the number of corrections."""
        refusal = refusal_of(sent, case.absent_on)
        if refusal is not None:
            return refusal
        if not await self._wrong(connection, case, sent):
            return "nothing-to-correct"
        if await self._is_over(connection, case, due_at or now):
            return "term-over"
        parcel = await self._parcel(connection, case, sent, id_ or correction_id(sent.id, sent.corrections + 1), now)
        if parcel is None:
            return "recipient-gone"
        told = Told(case.standing, case.absent_on)
        correction = deliveries.NewDelivery(
            sent.letter_id, case.school, parcel, told, corrects=sent.id, due_at=due_at, asked_by=by, asked_because=because
        )
        await deliveries.add(connection, [correction], parcel.written_at)
        log.info("delivery.corrected", delivery=str(sent.id), by_delivery=str(parcel.id))
        return parcel

    async def by_policy(self, connection: AsyncConnection, case: Case, policy: Policy, now: datetime) -> None:
        """Corrects what is wrong now, as the policy wishes: after the waiting time, as the correction of a roll can be wrong too."""
        for sent in await corrections.sent_of_case(connection, case):
            school = await contacts.school(connection, case.school)
            if school is None or refusal_of(sent, case.absent_on) is not None:
                continue
            after = now + (self.defaults.hold if policy.hold is None else policy.hold)
            due_at = next_opening(with_defaults(policy, self.defaults).window, school.calendar(), after)
            await self.correct(connection, case, sent, by="letter-policy", because=None, due_at=due_at or after, now=now)

    async def _wrong(self, connection: AsyncConnection, case: Case, sent: CorrectableLetter) -> Sequence[AbsentDay]:
        wrong, school = wrong_days(sent.told, case.absent_on), await contacts.school(connection, case.school)
        return wrong if school is None else in_no_other_term(wrong, school.calendar(), case.term)

    async def _is_over(self, connection: AsyncConnection, case: Case, moment: datetime) -> bool:
        school = await contacts.school(connection, case.school)
        if school is None:
            return False
        calendar, policy = school.calendar(), await policies.current(connection, case.school)
        return is_over(policy, calendar.term_named(case.term), calendar, moment, case.term)

    async def renew(self, connection: AsyncConnection, case: Case, delivery: uuid.UUID, corrects: uuid.UUID, now: datetime) -> None:
        """Writes a correction that waits anew by what is so now; without a day to correct it is cancelled."""
        sent = await corrections.get(connection, corrects)
        assert sent is not None
        if not await self._wrong(connection, case, sent):
            await deliveries.cancelled(connection, delivery, "stands-again")
            return
        parcel = await self._parcel(connection, case, sent, delivery, now)
        if parcel is None:
            await deliveries.cancelled(connection, delivery, "recipient-gone")
            return
        await deliveries.rewrite(connection, parcel, Told(case.standing, case.absent_on))

    async def _parcel(
        self, connection: AsyncConnection, case: Case, sent: CorrectableLetter, delivery: uuid.UUID, now: datetime
    ) -> Parcel | None:
        school, contact = await contacts.school(connection, case.school), await contacts.contact(connection, case.student_id)
        if school is None or contact is None:
            return None
        recipient = still_there(sent.channel, sent.recipient or "", contact, await decisions.of(connection, case.school))
        if recipient is None or sent.threshold is None:
            return None
        occasion = occasion_of(case.count(), school, contact, recipient.names)
        if recipient.channel == "paper":
            occasion = on_paper(occasion)
        wrong = in_no_other_term(wrong_days(sent.told, case.absent_on), school.calendar(), case.term)
        written = self.writer.words.correct(sent.threshold, occasion, wrong)
        return self.writer.parcel(school, recipient, delivery, written.subject, written.text, written.html, now)
