"""Crossings become letters that wait, and retractions take them back: one batch of messages, one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import Case, Draft, Fact, crossed, retracted
from services.notifier.letters.policy import Policy
from services.notifier.letters.repository import cases, letters, policies
from services.notifier.letters.withdrawing import withdraw
from services.notifier.staff_mail.movements import Step
from services.notifier.staff_mail.repository import movements
from shared.batch import Batch, BatchHandler
from shared.events.data import Crossing, ThresholdCrossed
from shared.events.envelope import Event
from shared.telemetry import metrics

log = structlog.get_logger()


@dataclass(kw_only=True)
class CrossingsHandler(BatchHandler):
    """Handles the crossings topic. `hold` is the service's own; a crossing older than `tell_within` gets no letter."""

    hold: timedelta
    tell_within: timedelta = timedelta(days=14)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch; no partition ever has to wait."""
        events = [event for _, event in batch.events if isinstance(event, Event)]
        await self._apply(connection, [Fact(event.id, event.time, event.data) for event in events if isinstance(event.data, Crossing)])

    async def _apply(self, connection: AsyncConnection, facts: Sequence[Fact]) -> None:
        facts = await _once(connection, facts)
        if not facts:
            return
        first = {(fact.data.student_id, fact.data.term): fact for fact in reversed(facts)}
        await cases.create(connection, [_opened(fact) for fact in first.values()])
        locked = await cases.lock(connection, first.keys())
        now = self.clock()
        await movements.keep(connection, [_step(fact) for fact in facts if not self._is_history(fact, now)], now)
        chosen = await policies.current_of(connection, {fact.data.school for fact in facts})
        for fact in facts:
            key = (fact.data.student_id, fact.data.term)
            hold = chosen.get(locked[key].school, Policy()).hold
            locked[key] = await self._take(connection, locked[key], fact, self.hold if hold is None else hold)

    def _is_history(self, fact: Fact, now: datetime) -> bool:
        """Whether its event is so old that the topic must be being read again."""
        return now - fact.said_at > self.tell_within

    async def _take(self, connection: AsyncConnection, case: Case, fact: Fact, hold: timedelta) -> Case:
        now = self.clock()
        draft = Draft(uuid.uuid4(), uuid.uuid4(), now + hold)
        if isinstance(fact.data, ThresholdCrossed):
            long_ago = self._is_history(fact, now)
            if long_ago:
                log.info("letter.not_written", event_id=fact.event_id, reason="the crossing was said too long ago")
            after = crossed(case, fact, draft, long_ago=long_ago)
            await cases.save(connection, case, after, now)
            _log_change(case, after)
            return after
        kept = case.find(fact.data.threshold, fact.data.sequence)
        after = retracted(case, fact, draft)
        await cases.save(connection, case, after, now)
        _log_change(case, after)
        if kept is None or kept.state != "lettered" or kept.letter_id is None:
            return after
        if await letters.written_threshold(connection, kept.letter_id) != fact.data.threshold:
            return after
        return await withdraw(connection, after, kept.letter_id, "retracted", draft, now)


async def _once(connection: AsyncConnection, facts: Sequence[Fact]) -> list[Fact]:
    """Without those whose event id came with another crossing: by its id, an event is a repeat, whatever it says."""
    crossing_of = await cases.crossings_of(connection, [fact.event_id for fact in facts])
    once = []
    for fact in facts:
        crossing = (fact.data.student_id, fact.data.term, fact.data.threshold, fact.data.sequence)
        if crossing_of.setdefault(fact.event_id, crossing) == crossing:
            once.append(fact)
        else:
            log.warning("crossing.id_reused", event_id=fact.event_id)
    return once


def _step(fact: Fact) -> Step:
    data = fact.data
    return Step(fact.event_id, data.school, data.student_id, data.term, data.from_tier, data.to_tier, data.absent_half_days, fact.said_at)


def _opened(fact: Fact) -> Case:
    """The case before its first fact."""
    data = fact.data
    return Case(data.student_id, data.term, data.school, data.student, data.from_tier, 0, fact.said_at)


def _log_change(before: Case, after: Case) -> None:
    old, new = before.waiting, after.waiting
    if new is not None and (old is None or old.id != new.id):
        metrics.LETTERS.labels("held").inc()
        log.info("letter.held", letter=str(new.id), threshold=new.threshold, due_at=new.due_at.isoformat())
    if old is not None and (new is None or old.id != new.id):
        metrics.LETTERS.labels("cancelled").inc()
        log.info("letter.cancelled", letter=str(old.id), reason="retracted")
