"""The contacts' part of an erasure, in two steps: the contact before cases are locked, addresses after."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The name, the caregivers and their addresses go, and decisions about words that no caregiver of the school has any more."""
    removed = await contacts.forget_before(connection, erased)
    return Tally({"contacts": removed, "caregiver-decisions": await decisions.forget_unused(connection, erased.school)})


async def erase_addresses(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """Bad addresses that no caregiver of the school has any more go."""
    await contacts.index_addresses(connection, schools=[erased.school])
    return Tally({"bad-addresses": await bad_addresses.forget_unused(connection, erased.school)})
