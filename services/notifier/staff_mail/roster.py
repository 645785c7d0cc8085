"""The effect of a change of the roster on e-mails to staff, in the transaction of the roster's batch."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.handler import RosterChange
from services.notifier.staff_mail import digests
from services.notifier.staff_mail.repository import notices


async def follow_roster(connection: AsyncConnection, change: RosterChange, now: datetime) -> None:
    """The calendars of the schools may be others, so digests are planned anew; and so may their contact addresses, so notices that had
    none are tried again."""
    if change.schools:
        await digests.replan(connection, change.schools, now)
        await notices.try_again(connection, change.schools, now)
