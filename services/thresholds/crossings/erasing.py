"""The register's and the crossings' part of an erasure: marks and totals stay, under the school's key, as the law asks."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository import rows
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased
from shared.events.envelope import tombstone
from shared.events.topics import STANDINGS
from shared.outbox import repository as outbox


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The register stays. The topic of standings, which would keep the last one for ever, loses the student's."""
    await outbox.add(connection, [tombstone(STANDINGS.name, str(erased.student_id))])
    return Tally(kept={"register-rows": await rows.count_of_student(connection, erased.school, erased.student)})
