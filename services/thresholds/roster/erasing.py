"""The roster's part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository import rolls, schools, students
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The name, year level and groups go. The dates on the roll stay with the register, which counts by them.

    Leaves the school locked, for the rooms that follow.
    """
    await schools.lock(connection, [erased.school])
    await rolls.erase(connection, erased)
    return Tally({"names": await students.erase(connection, erased)})
