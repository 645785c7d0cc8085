"""The erasure of a student, as an operator who has the database begins it and sees what each service removed."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.deadletters import SERVICES
from deploy.services import schema_of
from services.ingest.erasures.beginning import begin
from services.ingest.schools import repository as schools
from services.ingest.students.identities import Identities
from shared.audit import repository as audit
from shared.audit.repository import NewLine
from shared.db.engine import create_engine
from shared.erasures import repository as erasures
from shared.erasures.erasure import Tally, together
from shared.events.data import StudentErased
from shared.identifiers import SchoolNumber
from shared.settings import ServiceName

LOOK_EVERY: Final = 0.3
"""Seconds between two looks at what the services have applied."""


class UnknownSchoolError(LookupError):
    """No such school has been sent."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """The services' databases."""

    engines: Mapping[ServiceName, AsyncEngine]

    async def begin(self, school: SchoolNumber, student: str, why: str, subject: str, now: datetime) -> list[StudentErased]:
        """Begins an erasure at the door, with a line in its log. Raises UnknownSchoolError, NamesSomebodyError."""
        async with self.engines["ingest"].begin() as connection:
            if await schools.school(connection, school) is None:
                raise UnknownSchoolError(school)
            child = (await Identities.of(connection, school)).child(student)
            erased = await begin(connection, school, child, why, now)
            line = NewLine(
                at=now,
                subject=subject,
                role="admin",
                action="erase-student",
                school=school,
                students=[child],
                student_ids=[of_key.student_id for of_key in erased],
                record_id=None,
                fields=(),
                filters={},
            )
            await audit.add(connection, [line])
        return erased

    async def applied(self, erased: Sequence[StudentErased], patience: timedelta) -> dict[ServiceName, Tally]:
        """The tally of each service that has applied the erasures; waits for the others as long as `patience`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience.total_seconds()
        done: dict[ServiceName, Tally] = {}
        while True:
            for service in self.engines.keys() - done.keys():
                found = [await self._of(service, of_key) for of_key in erased]
                if None not in found:
                    done[service] = together(*(tally for tally in found if tally is not None))
            if len(done) == len(self.engines) or loop.time() > deadline:
                return {service: done[service] for service in self.engines if service in done}
            await asyncio.sleep(LOOK_EVERY)

    async def _of(self, service: ServiceName, erased: StudentErased) -> Tally | None:
        async with self.engines[service].connect() as connection:
            erasure = await erasures.get(connection, erased.student_id)
        if erasure is None or erasure.applied_at is None or erasure.erased_at < erased.erased_at:
            return None
        return Tally(erasure.removed, erasure.kept)


@asynccontextmanager
async def erasing(database_url: str) -> AsyncIterator[Erasing]:
    """The services of a database that hold something of students."""
    engines = {service: create_engine(database_url, schema_of(service), pool_size=1) for service in SERVICES}
    try:
        yield Erasing(engines)
    finally:
        for engine in engines.values():
            await engine.dispose()
