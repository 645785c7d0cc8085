"""Crossings become letters that wait, and retractions take them back: one batch of messages, one transaction."""

import uuid
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.sending_window import Window
from services.notifier.letters.case import Case, Draft, Fact, crossed, retracted
from services.notifier.letters.policy import SCHOOL_HOURS
from services.notifier.letters.repository import cases, letters
from services.notifier.letters.repository.cases import CaseKey
from services.notifier.letters.waiting_times import WaitingTimes
from services.notifier.letters.withdrawing import withdraw
from services.notifier.staff_mail.movements import Step
from services.notifier.staff_mail.repository import movements
from shared.batch import Batch, BatchHandler
from shared.events.data import Crossing, ThresholdCrossed
from shared.events.envelope import Event
from shared.identifiers import letter_id
from shared.telemetry import metrics

log = structlog.get_logger()

GROUP: Final = "crossings"
"""The name of the group that reads the crossings for letters."""


@dataclass(kw_only=True)
class CrossingsHandler(BatchHandler):
    """Handles the crossings topic. `hold` and `window` are the service's own; a crossing older than `tell_within` gets no letter."""

    hold: timedelta
    window: Window = SCHOOL_HOURS
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
        waits = WaitingTimes(self.hold, self.window)
        await waits.know(connection, {case.school for case in locked.values()})
        changes = _Changes(locked)
        left = _by_case(facts)
        while left:
            # One round for all cases: each goes as far as it can before something of it has to be in the database.
            written: list[tuple[Fact, uuid.UUID, Draft]] = []
            for facts_of_case in left.values():
                self._advance(changes, facts_of_case, waits, written, now)
            left = {key: some for key, some in left.items() if some}
            await changes.save(connection, now)
            await self._withdraw(connection, changes, written, now)

    def _advance(
        self, changes: "_Changes", facts: deque[Fact], waits: WaitingTimes, written: list[tuple[Fact, uuid.UUID, Draft]], now: datetime
    ) -> None:
        while facts:
            case = changes.of(facts[0])
            if not isinstance(facts[0].data, ThresholdCrossed) and changes.begins(case):
                # A letter that waited within this batch alone is on record, too.
                return
            fact = facts.popleft()
            draft = Draft(letter_id(fact.event_id), uuid.uuid4(), waits.due_at(case, now))
            if isinstance(fact.data, ThresholdCrossed):
                changes.make(self._crossed(case, fact, draft, now))
                continue
            kept = case.find(fact.data.threshold, fact.data.sequence)
            changes.make(retracted(case, fact, draft))
            if kept is not None and kept.state == "lettered" and kept.letter_id is not None:
                # What has been written is looked at in the database, which has to hold what came before.
                written.append((fact, kept.letter_id, draft))
                return

    async def _withdraw(
        self, connection: AsyncConnection, changes: "_Changes", written: Sequence[tuple[Fact, uuid.UUID, Draft]], now: datetime
    ) -> None:
        thresholds = await letters.written_thresholds(connection, [letter for _, letter, _ in written])
        theirs = [(changes.of(fact), letter, draft) for fact, letter, draft in written if thresholds.get(letter) == fact.data.threshold]
        for case in await withdraw(connection, theirs, "retracted", now):
            changes.saved(case)

    def _is_history(self, fact: Fact, now: datetime) -> bool:
        """Whether its event is so old that the topic must be being read again."""
        return now - fact.said_at > self.tell_within

    def _crossed(self, case: Case, fact: Fact, draft: Draft, now: datetime) -> Case:
        long_ago = self._is_history(fact, now)
        if long_ago:
            log.info("letter.not_written", event_id=fact.event_id, reason="the crossing was said too long ago")
        return crossed(case, fact, draft, long_ago=long_ago)


class _Changes:
    """The cases of a batch as its facts change them, written in a few statements for all."""

    def __init__(self, cases: Mapping[CaseKey, Case]) -> None:
        self._before = dict(cases)
        self._after = dict(cases)
        self._touched: set[CaseKey] = set()

    def of(self, fact: Fact) -> Case:
        """The fact's case as it is by now."""
        return self._after[fact.data.student_id, fact.data.term]

    def begins(self, case: Case) -> bool:
        """Whether the letter that waits now is not in the database yet."""
        before = self._before[case.student_id, case.term].waiting
        return case.waiting is not None and (before is None or before.id != case.waiting.id)

    def make(self, after: Case) -> None:
        """Notes what a rule made of a case."""
        key = (after.student_id, after.term)
        _log_change(self._after[key], after)
        self._after[key] = after
        self._touched.add(key)

    def saved(self, after: Case) -> None:
        """Notes what is in the database already."""
        key = (after.student_id, after.term)
        self._before[key] = self._after[key] = after

    async def save(self, connection: AsyncConnection, now: datetime) -> None:
        """Writes what has changed since the last time."""
        touched = [(self._before[key], self._after[key]) for key in sorted(self._touched)]
        await cases.save_all(connection, [(before, after) for before, after in touched if after != before], now)
        self._before |= {key: self._after[key] for key in self._touched}
        self._touched.clear()


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


def _by_case(facts: Sequence[Fact]) -> dict[CaseKey, deque[Fact]]:
    """The facts of each case, in their order. Those of two cases have nothing to do with each other."""
    by_case: dict[CaseKey, deque[Fact]] = defaultdict(deque)
    for fact in facts:
        by_case[fact.data.student_id, fact.data.term].append(fact)
    return dict(by_case)


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
