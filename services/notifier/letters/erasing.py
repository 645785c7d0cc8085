"""The letters' part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.handler import RosterChange
from services.notifier.delivery.bounces.repository import forget_addresses
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.repository import erasing, releases
from services.notifier.letters.roster import follow_roster
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """Letters that wait do not go any more. The words, addresses and staff's reasons of what went are forgotten; that it went stays.

    Locks the student's cases: so it comes after the contact, and before addresses.
    """
    gone = frozenset({erased.student_id})
    words = await deliveries.erase_of_students(connection, gone)
    await follow_roster(connection, RosterChange(frozenset(), gone, frozenset()), erased.erased_at)
    reasons = await releases.erase_reasons(connection, erased.student_id)
    bounces = await forget_addresses(connection, erased.student_id)
    kept = await erasing.count_of_student(connection, erased.student_id)
    return Tally({"letters": words, "release-reasons": reasons, "bounces": bounces}, {"letters": kept})
