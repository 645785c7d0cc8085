"""Marks on their way: history in large compressed batches, the last days roll by roll, then what was corrected afterwards."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from deploy.demo.attendance import Attendance, Correction, Mark, RollCall, absent_half_days
from deploy.demo.client import Client
from deploy.demo.diary import Diary
from deploy.demo.school import NUMBER
from deploy.demo.screen import Advance
from deploy.demo.waiting import until

ROLL_BY_ROLL: Final = 20
"""So many of the last roll calls go class by class, as on any school day; what is older comes as history does."""

CLASSES_AT_ONCE: Final = 4
BATCH: Final = 500
ECHOES: Final = 60
"""So many corrected marks are sent again as they were before: late, and to no effect."""


@dataclass
class Tally:
    """The number of marks posted, and the speed."""

    accepted: int = 0
    refused: int = 0
    requests: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Marks a second."""
        return self.accepted / self.seconds if self.seconds else 0.0

    async def post(self, client: Client, marks: Sequence[Mark], *, compress: bool = False, lines: bool = False) -> None:
        """Posts marks and counts what became of them."""
        answer = await client.post_marks([mark.as_json() for mark in marks], compress=compress, lines=lines)
        self.requests += 1
        self.accepted += answer["accepted"]
        self.refused += len(answer["rejected"])


async def post_roll_calls(
    client: Client, roll_calls: Sequence[RollCall], diary: Diary, data: Path, advance: Advance, tally: Tally
) -> Diary:
    """Posts roll calls in order, noting each one in the diary when it is whole."""
    started = time.perf_counter()
    for place, roll_call in enumerate(roll_calls):
        if place == 0:
            await tally.post(client, roll_call.marks, lines=True)
        elif place < len(roll_calls) - ROLL_BY_ROLL:
            await tally.post(client, roll_call.marks, compress=True)
        else:
            await _class_by_class(client, roll_call, tally)
        diary = replace(diary, posted_until=roll_call.key)
        diary.write(data)
        advance(len(roll_call.marks))
    tally.seconds += time.perf_counter() - started
    return diary


async def post_corrections(client: Client, corrections: Sequence[Correction], newest: RollCall, tally: Tally) -> int:
    """Posts corrections, and in between what must change nothing: answers how many such marks there were.

    A school's marks are taken in the order they were posted, so what the last corrections change shows that the repeats are read.
    """
    started = time.perf_counter()
    explained = [correction for correction in corrections if not correction.at_camp]
    echoes = [correction.before for correction in islice(explained, ECHOES)]
    await _in_batches(client, (correction.after for correction in explained), tally)
    await _in_batches(client, echoes, tally)
    await _in_batches(client, newest.marks, tally)
    await _in_batches(client, (correction.after for correction in corrections if correction.at_camp), tally)
    tally.seconds += time.perf_counter() - started
    return len(echoes) + len(newest.marks)


async def settled(client: Client, attendance: Attendance, now: datetime, corrected_until: str) -> dict[str, int]:
    """Waits until the service's totals are the school's own; answers the totals of students where they are not, if any."""
    marks = [mark for roll_call in attendance.roll_calls(now) for mark in roll_call.marks]
    marks += [
        mark for mark in (correction.after for correction in attendance.corrections(now)) if stamp(mark.recorded_at) <= corrected_until
    ]
    expected = absent_half_days(marks)

    async def differing() -> dict[str, int]:
        totals = await _totals(client, attendance.term.name)
        return {student: totals.get(student, 0) for student, count in expected.items() if totals.get(student, 0) != count}

    return await until(differing, lambda different: not different)


def stamp(at: datetime) -> str:
    """A moment as the diary writes it; such texts are in order."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


async def _class_by_class(client: Client, roll_call: RollCall, tally: Tally) -> None:
    rolls = iter(roll_call.classes.values())
    while some := list(islice(rolls, CLASSES_AT_ONCE)):
        await asyncio.gather(*(tally.post(client, roll) for roll in some))


async def _in_batches(client: Client, marks: Iterable[Mark], tally: Tally) -> None:
    left = iter(marks)
    while batch := list(islice(left, BATCH)):
        await tally.post(client, batch, compress=True)


async def _totals(client: Client, term: str) -> Mapping[str, Any]:
    students = client.pages(f"/thresholds/v1/schools/{NUMBER}/students", term=term)
    return {student["student"]: student["absent_half_days"] async for student in students}
