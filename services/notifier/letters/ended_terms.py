"""Letters about a term that is over: what was written in time has a day longer to go out, as a mail server may be away."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import contacts
from services.notifier.contacts.school_days import DAY
from services.notifier.delivery.deliveries.delivery import DueDelivery
from services.notifier.letters.policy import is_over
from services.notifier.letters.repository import policies
from shared.events.data import LetterOccasion


async def delivery_is_over(connection: AsyncConnection, due: DueDelivery, now: datetime) -> bool:
    """Whether it is too late for a delivery: what the task of deliveries calls."""
    return await term_is_over(connection, due.school, due.term, now, due.occasion)


async def term_is_over(connection: AsyncConnection, number: str, term: str, now: datetime, occasion: LetterOccasion | None = None) -> bool:
    """Whether it is too late for letters about a term that are written already."""
    school = await contacts.school(connection, number)
    if school is None:
        return False
    calendar, policy = school.calendar(), await policies.current(connection, number)
    return is_over(policy, calendar.term_named(term), calendar, now - DAY, term, occasion)
