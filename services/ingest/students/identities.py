"""The children behind a school's keys: what each is called within the engine, and how each is published.

A school's key is the child's own, unless another child had it before (then the engine gives the newer one a key of its own), or the
child has another key besides (then both are published as one).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students.repository import identities as stored
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber, student_id
from shared.key_holders.repository import FIRST


class Holding(NamedTuple):
    """A key that is not the first child's any more: the `number`-th child has it, from a moment on."""

    key: str
    student: str
    since: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Identities:
    """A school's keys that are not simply one child's. `merged` has the child as whom each other key is published."""

    school: SchoolNumber
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, connection: AsyncConnection, school: SchoolNumber) -> Self:
        """Those of a school, as a rule none."""
        holdings = [Holding(*row) for row in await stored.holdings(connection, school)]
        return cls(school, {holding.key: holding for holding in holdings}, await stored.merged(connection, school))

    def child(self, key: str) -> str:
        """The child whom the school calls by this key now; `12345~1` is the first who was called `12345`."""
        holding = self.holdings.get(key)
        if holding is not None:
            return holding.student
        # The first child of a key that has been given away.
        first = key.removesuffix(FIRST)
        return first if first in self.holdings else key

    def outward(self) -> dict[str, str]:
        """The names by which people know the children of keys that were given away: the child who has a key now by the key alone."""
        now = {holding.student: holding.key for holding in self.holdings.values()}
        return {key: key + FIRST for key in self.holdings} | now

    def key_of(self, student: str) -> str:
        """The school's key of a child."""
        return next((holding.key for holding in self.holdings.values() if holding.student == student), student)

    def others(self, student: str) -> list[str]:
        """The children who are published as this one."""
        return sorted(other for other, into in self.merged.items() if into == student)

    def published(self, student: StudentUpdated, stored: Mapping[str, StudentUpdated]) -> StudentUpdated | None:
        """A stored student as all others get to know them. None for one who is published as another child that is stored, too.

        `stored` has what is there of the child under other keys.
        """
        into, own = self.merged.get(student.student), student.student
        if into is not None:
            if into in stored:
                return None
            student = replace(student, student=into, student_id=student_id(self.school, into))
        holding = next((holding for holding in self.holdings.values() if holding.student == student.student), None)
        return replace(
            student,
            key=holding.key if holding and holding.student != holding.key else None,
            key_since=holding.since if holding and holding.student != holding.key else None,
            other_keys=(others := self.others(student.student)),
            other_caregivers=[person for key in others if key in stored and key != own for person in stored[key].caregivers],
        )

    def leaving(
        self, gone: Collection[str], remaining: Mapping[str, StudentUpdated], now: datetime
    ) -> tuple[list[StudentUpdated], list[str]]:
        """The effect of children taken from the roster: those who are published by what another key has of them, and those whom everybody
        forgets. One who is published as another child is nobody's but that child's."""
        by_other, forgotten = [], []
        for student in sorted(gone):
            other = next((remaining[other] for other in self.others(student) if other in remaining), None)
            if other is not None and (published := self.published(other, remaining)) is not None:
                by_other.append(replace(published, updated_at=now))
            elif student not in self.merged:
                forgotten.append(student)
        return by_other, forgotten
