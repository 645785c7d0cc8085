"""Students' events into the national student numbers of schools that send them: one batch, one transaction."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import national_numbers
from services.moe_sync.roster.repository.national_numbers import NationalNumber
from services.moe_sync.roster.unfit import UNFIT
from shared.batch import Batch, BatchHandler
from shared.erasures.passing import erased_among
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.identifiers import uuid_or_none

_NSN: Final = re.compile(r"[0-9]{1,10}")


@dataclass
class StudentsHandler(BatchHandler):
    """Keeps the national student numbers of schools that have switched them on; of all else in these events nothing is kept."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events. None of them ever waits."""
        # Events of a student are in order: the last one counts.
        numbers: dict[UUID, NationalNumber | None] = {}
        for message, event in batch.events:
            match event:
                case Event(data=StudentUpdated() as student):
                    before = numbers.get(student.student_id)
                    if before is None or before.at <= student.updated_at:
                        numbers[student.student_id] = NationalNumber(
                            student.student_id, student.school, padded_nsn(student.nsn), student.updated_at
                        )
                case Tombstone(key=key) if (gone := uuid_or_none(key)) is not None:
                    numbers[gone] = None
                case _:
                    batch.refuse(message, UNFIT, "only students belong on this topic")
        await national_numbers.erase(connection, sorted(student for student, number in numbers.items() if number is None))
        erased = await erased_among(connection, numbers.keys())
        told = [number for number in numbers.values() if number is not None and not erased.hide(number.student_id, number.at)]
        await national_numbers.keep(connection, told)


def padded_nsn(nsn: str | None) -> str | None:
    """A national student number as ten digits; None for none, and for what can't be one."""
    return nsn.zfill(10) if nsn is not None and _NSN.fullmatch(nsn) else None
