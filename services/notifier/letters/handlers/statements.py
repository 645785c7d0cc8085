"""Statements and good news become letters that wait: one batch of messages, one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.sending_window import Window
from services.notifier.letters.case import Case, Waiting, stated
from services.notifier.letters.family_news import wants
from services.notifier.letters.policy import SCHOOL_HOURS
from services.notifier.letters.repository import cases, letters
from services.notifier.letters.waiting_times import WaitingTimes
from services.notifier.templates.rendering.occasion import About
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.events.data import StatementMade
from shared.events.envelope import Event
from shared.identifiers import occasion_letter_id
from shared.telemetry import metrics

log = structlog.get_logger()


@dataclass(kw_only=True)
class StatementsHandler(BatchHandler):
    """Handles the topic of statements. `hold` and `window` are the service's own; a statement older than `tell_within` gets no letter."""

    hold: timedelta
    window: Window = SCHOOL_HOURS
    tell_within: timedelta = timedelta(days=14)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch; no partition ever has to wait. A statement that is read again finds its letter."""
        said: list[Event] = []
        for message, event in batch.events:
            match event:
                case Event(data=StatementMade()):
                    said.append(event)
                case _:
                    batch.refuse(message, WRONG_TYPE, "only statements belong on this topic")
        said = [event for event in said if batch.now - event.time <= self.tell_within]
        if not said:
            return
        first = {(data.student_id, data.term): _opened(data, event) for event in reversed(said) for data in [_data(event)]}
        await cases.create(connection, list(first.values()))
        before = await cases.lock(connection, first.keys())
        after = dict(before)
        waits = WaitingTimes(self.hold, self.window)
        await waits.know(connection, {case.school for case in before.values()})
        wanted: dict[uuid.UUID, tuple[Case, Waiting]] = {}
        for event in said:
            data = _data(event)
            key = (data.student_id, data.term)
            after[key] = stated(after[key], data, event.time)
            if not wants(waits.policy_of(after[key].school), data.occasion):
                continue
            due_at = waits.due_at(after[key], batch.now, data.occasion)
            about = About(since=data.since, school_average_days=data.school_average_days)
            # One letter for one run of days back at school, however often it is looked at.
            of = data.since if data.occasion == "back-on-track" and data.since is not None else data.on
            letter_id = occasion_letter_id(data.student_id, data.term, data.occasion, of)
            wanted[letter_id] = after[key], Waiting(letter_id, uuid.uuid4(), "held", data.occasion, due_at, about=about)
        await cases.save_all(connection, [(before[key], after[key]) for key in sorted(after)], batch.now)
        added = await letters.add(connection, list(wanted.values()), batch.now)
        older = _older([wanted[letter_id] for letter_id in added])
        await letters.cancel_all(connection, older, "newer", batch.now)
        metrics.LETTERS.labels("held").inc(len(added))
        log.info("statements.waiting", letters=len(added), replaced=len(older))


def _older(new: Sequence[tuple[Case, Waiting]]) -> list[Waiting]:
    """Letters for the same occasion that still wait: the new one says it, as it is now."""
    return [letter for case, waiting in new for letter in case.others if letter.kind == waiting.kind and letter.id != waiting.id]


def _data(event: Event) -> StatementMade:
    assert isinstance(event.data, StatementMade)
    return event.data


def _opened(data: StatementMade, event: Event) -> Case:
    """The case before its first fact."""
    return Case(data.student_id, data.term, data.school, data.student, "green", 0, event.time)
