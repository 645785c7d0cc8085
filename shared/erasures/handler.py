"""The topic of erasures, as each service reads it: one batch of messages, one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.erasures import repository as erasures
from shared.erasures.erasure import Erase, Tally, together
from shared.events.data import StudentErased
from shared.events.envelope import Event
from shared.identifiers import student_id
from shared.outbox import repository as outbox

log = structlog.get_logger()


@dataclass(kw_only=True)
class ErasuresHandler(BatchHandler):
    """Has each room of the service erase the student, then the dead letters and what waits to be said; keeps the tally."""

    rooms: Sequence[Erase]

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the erasures. None of them ever waits."""
        for message, event in batch.events:
            match event:
                case Event(data=StudentErased() as erased) if erased.student_id == student_id(erased.school, erased.student):
                    tallies = [await erase(connection, erased) for erase in self.rooms]
                    letters = await self.dead_letters.erase_student(connection, erased, batch.now)
                    waiting = await outbox.drop_student(connection, erased)
                    tally = together(*tallies, Tally({"dead-letters": letters, "outbox": waiting}))
                    await erasures.note(connection, erased, tally, batch.now)
                    log.info("student.erased", school=erased.school, student_id=str(erased.student_id), removed=dict(tally.removed))
                case _:
                    batch.refuse(message, WRONG_TYPE, "only erasures of a school's own students belong on this topic")
