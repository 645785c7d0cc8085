"""The roster's part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import national_numbers
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The national student number goes."""
    return Tally({"national-student-numbers": await national_numbers.erase_before(connection, erased)})
