"""Proposed changes: their effect on the register is computed as if they were made, and answered. Nothing is changed."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.applying import FoldedRow
from services.thresholds.recalculation.calendar_changes import taken_over, terms_to_fold_again, told_of
from services.thresholds.recalculation.effect import RegisterEffect, effect_of
from services.thresholds.recalculation.enrolment_changes import fold_changed
from services.thresholds.recalculation.folding_again import fold_again
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.enrolments import EnrolmentChange
from services.thresholds.roster.repository import enrolments, schools, students
from services.thresholds.roster.repository.enrolments import StudentKey
from shared.attendance.enrolment import ALWAYS
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message
from shared.deadletters.reading import WRONG_TYPE
from shared.events.calendars import BAD_CALENDAR, calendar_of, fault_of
from shared.events.catalogue import CHANGE_JUDGED
from shared.events.data import ChangeJudged, ChangeProposed, SchoolUpdated
from shared.events.envelope import Event
from shared.events.school_years import merged
from shared.identifiers import judgement_event_id
from shared.outbox import repository as outbox

log = structlog.get_logger()

PATIENCE: Final = timedelta(seconds=5)
"""How long a proposal waits for the school that it starts from: as long as somebody waits for its answer."""


@dataclass(kw_only=True)
class ProposalsHandler(BatchHandler):
    """Answers each proposal once the school that it starts from is here; one that has waited too long has no answer."""

    folder: Folder
    patience: timedelta = PATIENCE
    _waiting_since: dict[uuid.UUID, float] = field(default_factory=dict)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Judges the proposals of the batch, each by itself."""
        answers = []
        for message, event in batch.events:
            match event:
                case Event(data=ChangeProposed(calendar=SchoolUpdated() as calendar) as proposed) if fault := fault_of(calendar):
                    batch.refuse(message, BAD_CALENDAR, fault, school=proposed.school)
                case Event(data=ChangeProposed() as proposed):
                    effect = await self._judge(connection, batch, message, proposed)
                    if effect is not None:
                        answers.append(_answer(proposed, effect, batch.now).encode())
                case _:
                    batch.refuse(message, WRONG_TYPE, "only proposed changes belong on this topic")
        await outbox.add(connection, answers)

    async def _judge(self, connection: AsyncConnection, batch: Batch, message: Message, proposed: ChangeProposed) -> RegisterEffect | None:
        if batch.waits(message):
            return None
        stored = await schools.get(connection, [proposed.school])
        if not stored or stored[0].updated_at < proposed.based_on:
            since = self._waiting_since.setdefault(proposed.proposal_id, time.monotonic())
            if time.monotonic() - since < self.patience.total_seconds():
                batch.pause(message)
            else:
                del self._waiting_since[proposed.proposal_id]
                log.warning("proposal.not_judged", school=proposed.school)
            return None
        self._waiting_since.pop(proposed.proposal_id, None)
        folded, told = await self._folded(connection, proposed, stored[0], batch.now)
        raised = [row.key.student for row in folded]
        reachable = await students.reachable(connection, proposed.school, raised)
        after = proposed.calendar or stored[0]
        return effect_of(folded, reachable, told, calendar_of(after).today(batch.now))

    async def _folded(
        self, connection: AsyncConnection, proposed: ChangeProposed, school: SchoolUpdated, now: datetime
    ) -> tuple[list[FoldedRow], Mapping[RowKey, int]]:
        """The rows as they would be, and what families have been told of them under another name of the term."""
        if proposed.calendar is None:
            changes, calendars = await _changes(connection, proposed), {proposed.school: calendar_of(school)}
            return await fold_changed(connection, self.folder, changes, calendars, now), {}
        calendar = calendar_of(merged(school, replace(proposed.calendar, updated_at=now)))
        terms = terms_to_fold_again(calendar_of(school), calendar)
        stored = await rows.of_terms(connection, proposed.school, terms)
        told = told_of(stored, taken_over(calendar_of(school), calendar))
        return await fold_again(connection, self.folder, stored, calendar, lambda: now), told


async def _changes(connection: AsyncConnection, proposed: ChangeProposed) -> list[EnrolmentChange]:
    after = {StudentKey(proposed.school, entry.student): entry for entry in proposed.enrolments}
    stored = await enrolments.stored(connection, after)
    changes = []
    for key, entry in after.items():
        before = stored[key].enrolment if key in stored else ALWAYS
        changes.append(EnrolmentChange(key, before, before.changed(entry.starts_on, entry.leaves_on, entry.attends)))
    return changes


def _answer(proposed: ChangeProposed, effect: RegisterEffect, now: datetime) -> Event:
    data = ChangeJudged(
        proposal_id=proposed.proposal_id,
        school=proposed.school,
        totals_changed=effect.totals_changed,
        crossings_up=effect.crossings_up,
        crossings_down=effect.crossings_down,
        letters=effect.letters,
    )
    return Event(CHANGE_JUDGED, str(judgement_event_id(proposed.proposal_id)), "/thresholds", now, proposed.school, data)
