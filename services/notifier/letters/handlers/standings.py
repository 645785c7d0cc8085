"""The standings of students who have reached a threshold: one batch of messages, one transaction."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import Case, stands
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.repository import cases, policies
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.events.data import StandingChanged
from shared.events.envelope import Event


@dataclass(kw_only=True)
class StandingsHandler(BatchHandler):
    """Handles the standings topic. Letters are bound from the newest, and written anew where one changes before they go; a letter that went
    is corrected where the school's policy wishes it."""

    corrector: Corrector

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch; no partition ever has to wait."""
        said: list[tuple[Event, StandingChanged]] = []
        for message, event in batch.events:
            match event:
                case Event(data=StandingChanged() as data):
                    said.append((event, data))
                case Event():
                    batch.refuse(message, WRONG_TYPE, "only standings belong on this topic")
        if not said:
            return
        first = {
            (data.student_id, data.term): Case(data.student_id, data.term, data.school, data.student, "green", 0, event.time)
            for event, data in said
        }
        await cases.create(connection, list(first.values()))
        before = await cases.lock(connection, first.keys())
        after = dict(before)
        for event, data in said:
            key = (data.student_id, data.term)
            after[key] = stands(after[key], data, event.time)
        await cases.save_all(connection, [(before[key], after[key]) for key in sorted(after)], batch.now)
        chosen = await policies.current_of(connection, {case.school for case in after.values()})
        for key, case in sorted(after.items()):
            policy = chosen.get(case.school)
            if policy is not None and policy.correct == "send" and case.absent_on != before[key].absent_on:
                await self.corrector.by_policy(connection, case, policy, batch.now)
