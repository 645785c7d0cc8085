"""The caregivers of a student who can get a letter now: those who want letters and have an address that is not bad."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Caregiver, Contact
from services.notifier.contacts.recipients import Recipient, recipients
from services.notifier.delivery.bad_addresses import repository as bad_addresses
from services.notifier.delivery.bad_addresses.repository import BadAddress
from services.notifier.letters.repository import cases, letters
from shared.addresses import address_key, usable_address
from shared.identifiers import address_id

log = structlog.get_logger()

ROSTER: Final = "roster"
"""The person on record for clearing an address that the school no longer lists."""

_caregivers: Final = msgspec.json.Decoder(list[Caregiver])


@dataclass(frozen=True, slots=True)
class Owner:
    """A student, and those of their caregivers whose address it is. `student` is None for one who never had a letter."""

    student_id: UUID
    student: str | None
    name: str
    caregivers: tuple[str, ...]


async def reachable(connection: AsyncConnection, school: str, caregivers: Collection[Caregiver], *, texts: bool) -> tuple[Recipient, ...]:
    """The recipients of a letter, and how each is reached."""
    keys = _keys(caregivers)
    found = await bad_addresses.among(connection, {address_id(school, key) for key in keys})
    bad = {key for key in keys if address_id(school, key) in found}
    return recipients(caregivers, bad=bad, texts=texts)


async def vanishing(connection: AsyncConnection, joined: Mapping[UUID, Contact], left: Collection[UUID]) -> dict[str, dict[str, UUID]]:
    """By school, the bad addresses (key to id) that these students' caregivers have, and will not have any more."""
    gone: dict[str, set[str]] = {}
    for row in await bad_addresses.people(connection, joined.keys() | set(left)):
        after = joined.get(row["student_id"])
        kept = {caregiver.email for caregiver in after.caregivers} if after is not None and after.school == row["school"] else set()
        before = _caregivers.decode(row["caregivers"])
        gone.setdefault(row["school"], set()).update(_keys(one for one in before if one.email not in kept))
    ids = {school: {key: address_id(school, key) for key in keys} for school, keys in gone.items()}
    bad = await bad_addresses.among(connection, {id_ for keys in ids.values() for id_ in keys.values()})
    return {school: found for school, keys in ids.items() if (found := {key: id_ for key, id_ in keys.items() if id_ in bad})}


async def forget(connection: AsyncConnection, gone: Mapping[str, Mapping[str, UUID]], now: datetime) -> None:
    """Clears those of them that nobody at the school has now. An address that is given again later is a new one."""
    for school, keys in gone.items():
        held = {key for _, found in await _people(connection, school, keys.keys()) for key in found}
        await bad_addresses.clear(connection, {id_ for key, id_ in keys.items() if key not in held}, ROSTER, now)


async def owners(connection: AsyncConnection, school: str, bad: Collection[BadAddress]) -> dict[UUID, list[Owner]]:
    """The owners of these addresses, by the address's id."""
    ids = {address_key(one.address): one.address_id for one in bad}
    found: dict[UUID, list[Owner]] = {one.address_id: [] for one in bad}
    for owner, keys in await _people(connection, school, ids.keys()):
        for key, names in keys.items():
            found[ids[key]].append(replace(owner, caregivers=tuple(names)))
    return found


async def try_again(connection: AsyncConnection, student_ids: Collection[UUID], now: datetime) -> None:
    """Letters of these students that were due with nobody to send them to are looked at once more."""
    known = await cases.lock_of_students(connection, student_ids)
    for case in known.values():
        if case.waiting is not None and case.waiting.state == "no-contact":
            await letters.renew_work(connection, replace(case.waiting, due_at=max(case.waiting.due_at, now)), now)
            log.info("letter.contact_arrived", letter=str(case.waiting.id))


async def _people(connection: AsyncConnection, school: str, keys: Collection[str]) -> list[tuple[Owner, dict[str, list[str]]]]:
    """The students of a school who have one of these addresses, with the names of the caregivers by address."""
    # Judging an address takes time; what comes before its @ is seen at once.
    locals_ = {key.partition("@")[0] for key in keys}
    found = []
    for row in await bad_addresses.people_of(connection, school):
        named: dict[str, list[str]] = {}
        for caregiver in _caregivers.decode(row["caregivers"]):
            if (caregiver.email or "").strip().casefold().partition("@")[0] in locals_:
                named |= {key: [*named.get(key, []), caregiver.name] for key in _keys([caregiver]) if key in keys}
        if named:
            name = f"{row['given_name']} {row['family_name']}"
            found.append((Owner(row["student_id"], row["student"], name, ()), named))
    return found


def _keys(caregivers: Iterable[Caregiver]) -> set[str]:
    return {address_key(address) for caregiver in caregivers if (address := usable_address(caregiver.email)) is not None}
