"""Addresses that letters came back from: the school sees them, and clears those that are good again. Letters that waited then go."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import structlog

from services.notifier.contacts.repository import bad_addresses
from services.notifier.contacts.repository.bad_addresses import AddressOwner, BadAddress
from services.notifier.delivery.transports.verdicts import meaning_of
from services.notifier.letters import no_contact
from services.notifier.letters.repository import cases
from services.notifier.letters.schemas.bad_addresses import AddressOwnerOut, BadAddressOut
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

log = structlog.get_logger()

router = Router(tags=["bounces"])


@router.get("/v1/schools/{school}/bad-addresses", summary="Addresses that nothing is written to, and whose they are")
async def list_bad_addresses(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", role="manage")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[BadAddressOut]:
    """The last marked first. An address leaves this list when the school sends another one in its place, or a person clears it."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.begin() as connection:
        rows = await bad_addresses.page(connection, school, before=before, most=limit + 1)
        page = page_of(rows, limit, lambda address: (address.marked_at, address.id))
        owners = await bad_addresses.owners(connection, school, page.items)
        shown = [owner.student_id for of_address in owners.values() for owner in of_address]
        await log_access(connection, caller, Access(action="list-bad-addresses", school=school, student_ids=shown), state.clock())
    return page.map(lambda address: _shown(address, owners[address.address_id]))


@router.delete("/v1/schools/{school}/bad-addresses/{address}", status_code=HTTPStatus.NO_CONTENT, summary="Write to an address again")
async def clear_bad_address(
    school: SchoolInPath, address: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> None:
    """Letters that waited for want of an address go now. Those that came back are sent again only when somebody asks for it."""
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        bad = await bad_addresses.get(connection, school, address)
        if bad is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-address", "there is no such bad address at this school, or not any more")
        owners = (await bad_addresses.owners(connection, school, [bad]))[bad.address_id]
        locked = await cases.lock_of_students(connection, {owner.student_id for owner in owners})
        await no_contact.try_again(connection, locked.values(), now)
        await bad_addresses.clear(connection, [bad.address_id], caller.subject, now)
        access = Access(action="clear-address", school=school, student_ids=[owner.student_id for owner in owners])
        await log_access(connection, caller, access, now)
    log.info("address.cleared", address=str(address), school=school, by=caller.subject)


def _shown(bad: BadAddress, owners: Sequence[AddressOwner]) -> BadAddressOut:
    return BadAddressOut(
        id=bad.id,
        address=bad.address,
        channel=bad.channel,
        status=bad.status,
        meaning=meaning_of(bad.status),
        cause=bad.cause,
        marked_at=bad.marked_at,
        students=[AddressOwnerOut.model_validate(owner, from_attributes=True) for owner in owners],
    )
