"""Addresses that letters came back from: the school sees them, and clears those that are good again."""

import uuid
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter

from services.notifier.contacts import reachable
from services.notifier.delivery.bad_addresses import repository as bad_addresses
from services.notifier.delivery.bounces.schemas import AddressOwner, BadAddress, BadAddresses
from services.notifier.delivery.transports.verdicts import meaning_of
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, encode_cursor, moment, read_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

log = structlog.get_logger()

router = APIRouter(tags=["bounces"])


@router.get("/v1/schools/{school}/bad-addresses", summary="Addresses that nothing is written to, and whose they are")
async def list_bad_addresses(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", role="manage")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> BadAddresses:
    """The last marked first. An address goes from here when the school sends another one in its place, or a person clears it."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        found = await bad_addresses.page(connection, school, before=before, most=limit + 1)
        owners = await reachable.owners(connection, school, found[:limit]) if found else {}
    items = [
        BadAddress(
            id=one.id,
            address=one.address,
            channel=one.channel,
            status=one.status,
            meaning=meaning_of(one.status),
            cause=one.cause,
            marked_at=one.marked_at,
            students=[
                AddressOwner(student=owner.student, student_id=owner.student_id, name=owner.name, caregivers=list(owner.caregivers))
                for owner in owners[one.address_id]
            ],
        )
        for one in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    return BadAddresses(items=items, next=None if last is None else encode_cursor(last.marked_at.isoformat(), str(last.id)))


@router.delete("/v1/schools/{school}/bad-addresses/{address}", status_code=HTTPStatus.NO_CONTENT, summary="Write to an address again")
async def clear_bad_address(
    school: SchoolInPath, address: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> None:
    """Letters that waited for want of an address go now. Those that came back are sent again only when somebody asks for it."""
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        found = await bad_addresses.get(connection, school, address)
        if found is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-address", "there is no such bad address at this school, or not any more")
        owners = (await reachable.owners(connection, school, [found]))[found.address_id]
        # Cases are locked before what hangs on them, as everywhere.
        await reachable.try_again(connection, {owner.student_id for owner in owners}, now)
        await bad_addresses.clear(connection, [found.address_id], caller.subject, now)
    log.info("address.cleared", address=str(address), school=school, by=caller.subject)
