"""Crossings become letters that wait, and retractions take them back: one batch of messages, one transaction."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.letters.case import Case, Draft, Fact, crossed, retracted
from services.notifier.letters.policy import Policy
from services.notifier.letters.repository import cases, letters, policies
from services.notifier.letters.withdrawals import withdraw
from services.notifier.staff_mail.repository import movements
from shared.bus.interface import Message, Partition
from shared.clock import Clock
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.reading import read_events
from shared.events.data import Crossing, ThresholdCrossed
from shared.events.envelope import Event
from shared.telemetry import metrics

log = structlog.get_logger()

GROUP = "crossings"


@dataclass(frozen=True, slots=True)
class CrossingsHandler:
    """Handles the crossings topic."""

    engine: AsyncEngine
    box: DeadLetterBox
    hold: timedelta
    clock: Clock
    tell_within: timedelta = timedelta(days=14)

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies a batch; no partition ever has to wait."""
        read, poison = read_events(messages)
        events = [content for _, content in read if isinstance(content, Event)]
        facts = [Fact(event.id, event.time, event.data) for event in events if isinstance(event.data, Crossing)]
        now = self.clock()
        async with self.engine.begin() as connection:
            await self.box.keep(connection, poison, now)
            await self._apply(connection, facts)
        return {}

    async def _apply(self, connection: AsyncConnection, facts: Sequence[Fact]) -> None:
        facts = await _once(connection, facts)
        if not facts:
            return
        first = {(fact.data.student_id, fact.data.term): fact for fact in reversed(facts)}
        await cases.create(connection, [_opened(fact) for fact in first.values()])
        known = await cases.lock(connection, first.keys())
        now = self.clock()
        await movements.keep(connection, [fact for fact in facts if not self._is_history(fact, now)], now)
        chosen = await policies.current_of(connection, {fact.data.school for fact in facts})
        for fact in facts:
            key = (fact.data.student_id, fact.data.term)
            hold = chosen.get(known[key].school, Policy()).hold
            known[key] = await self._take(connection, known[key], fact, self.hold if hold is None else hold)

    def _is_history(self, fact: Fact, now: datetime) -> bool:
        """Whether it was said so long ago that it is the topic being read again."""
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
            _tell(case, after)
            return after
        kept = case.find(fact.data.threshold, fact.data.sequence)
        after = retracted(case, fact, draft)
        await cases.save(connection, case, after, now)
        _tell(case, after)
        if kept is None or kept.state != "lettered" or kept.letter_id is None:
            return after
        if await letters.written_threshold(connection, kept.letter_id) != fact.data.threshold:
            return after
        return await withdraw(connection, after, kept.letter_id, "retracted", draft, now)


async def _once(connection: AsyncConnection, facts: Sequence[Fact]) -> list[Fact]:
    """Without those whose id tells of something else already: by its id, an event is a repeat, whatever it says."""
    told = await cases.told_by(connection, [fact.event_id for fact in facts])
    once = []
    for fact in facts:
        place = (fact.data.student_id, fact.data.term, fact.data.threshold, fact.data.sequence)
        if told.setdefault(fact.event_id, place) == place:
            once.append(fact)
        else:
            log.warning("crossing.id_reused", event_id=fact.event_id)
    return once


def _opened(fact: Fact) -> Case:
    """The case before its first fact."""
    data = fact.data
    return Case(data.student_id, data.term, data.school, data.student, data.from_tier, 0, fact.said_at)


def _tell(before: Case, after: Case) -> None:
    old, new = before.waiting, after.waiting
    if new is not None and (old is None or old.id != new.id):
        metrics.LETTERS.labels("held").inc()
        log.info("letter.held", letter=str(new.id), threshold=new.threshold, due_at=new.due_at.isoformat())
    if old is not None and (new is None or old.id != new.id):
        metrics.LETTERS.labels("cancelled").inc()
        log.info("letter.cancelled", letter=str(old.id), reason="retracted")
