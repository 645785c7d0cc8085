"""Students' events into the national student numbers of schools that send them: one batch, one transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.moe_sync.roster.repository import national_numbers
from services.moe_sync.roster.repository.national_numbers import NationalNumber
from services.moe_sync.roster.unfit import UNFIT
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, Tombstone

_NSN: Final = re.compile(r"[0-9]{1,10}")


@dataclass
class StudentsHandler:
    """Keeps the national student numbers of schools that have switched them on; of all else in these events nothing is kept."""

    engine: AsyncEngine
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits."""
        read, letters = read_events(messages)
        # Of one student the last word counts; events of a student are in order.
        numbers: dict[UUID, NationalNumber | None] = {}
        for message, event in read:
            match event:
                case Event(data=StudentUpdated() as student):
                    numbers[student.student_id] = NationalNumber(
                        student.student_id, student.school, padded_nsn(student.nsn), student.updated_at
                    )
                case Tombstone(key=key) if (gone := _uuid(key)) is not None:
                    numbers[gone] = None
                case _:
                    letters.append(DeadLetter(message, UNFIT, "only students belong on this topic"))
        async with self.engine.begin() as connection:
            await national_numbers.erase(connection, sorted(student for student, number in numbers.items() if number is None))
            await national_numbers.keep(connection, [number for number in numbers.values() if number is not None])
            await self.dead_letters.keep(connection, letters, self.clock())
        return {}


def padded_nsn(nsn: str | None) -> str | None:
    """A national student number as ten digits; None for none, and for what can't be one."""
    return nsn.zfill(10) if nsn is not None and _NSN.fullmatch(nsn) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
