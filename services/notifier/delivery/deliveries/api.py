"""A school sees what was sent to whom, what failed, and what is about to go."""

import re
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.bad_addresses import repository as bad_addresses
from services.notifier.delivery.deliveries.repository import deliveries, listing, reads
from services.notifier.delivery.deliveries.repository.deliveries import DeliveryKey
from services.notifier.delivery.deliveries.repository.listing import Place
from services.notifier.delivery.deliveries.resending import WHY, Resend, resend
from services.notifier.delivery.deliveries.schemas import Ask, Asked, Attempt, Deliveries, Delivery, Read, Report, Status, WholeDelivery
from services.notifier.letters.repository import cases
from services.notifier.state import State
from shared.addresses import address_key
from shared.auth.principal import ROLES, Principal
from shared.identifiers import address_id
from shared.telemetry import metrics
from shared.web.cursors import PageLimit, encode_cursor, moment, read_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires
from shared.worklist import repository as worklist

log = structlog.get_logger()

router = APIRouter(tags=["deliveries"])

MOST_READS: Final = 200
_CODE: Final = re.compile(r"(?<![0-9.])([2345][0-9]{2}(?: [245]\.[0-9]{1,3}\.[0-9]{1,3})?)(?![0-9.])")


@router.get("/v1/schools/{school}/deliveries", summary="Letters to caregivers, and every attempt at each")
async def list_deliveries(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    student: Annotated[str | None, Query(description="The school's own key of a student", max_length=64)] = None,
    status: Status | None = None,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Deliveries:
    """Newest first. `held`: waits in case the crossing is taken back. `no-contact`: due, and no caregiver has a usable address;
    it goes as soon as one has. `on-hold`: due, and staff hold it. `awaiting-release`: due when more were than may go in a day; a person
    releases it. `waiting`: written, and being sent. Then `sent`, `failed`, `bounced` (it left, and came back), `cancelled`, or `past`: it
    was due, and its reason says why there is none. Addresses are for the role `manage`."""
    caller.require_school(school)
    place = read_cursor(cursor, moment, uuid.UUID)
    before = Place(*place) if place else None
    async with state.engine.connect() as connection:
        rows = await listing.page(connection, school, student=student, status=status, before=before, most=limit + 1)
        attempts = await listing.attempts(connection, [row["id"] for row in rows])
    items = [Delivery(**_seen_by(caller, row), attempts=_attempts(attempts.get(row["id"], []))) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Deliveries(items=items, next=None if last is None else encode_cursor(last["created_at"].isoformat(), str(last["id"])))


@router.get("/v1/deliveries/{delivery}", summary="One delivery, its attempts, and the letter as it was sent")
async def get_delivery(
    delivery: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:read", role="manage")]
) -> WholeDelivery:
    """Who looks is written down, and shown to the role `admin`. Words and the address are null once they were erased."""
    now = state.clock()
    async with state.engine.begin() as connection:
        whole = await _of_caller(connection, delivery, caller)
        await reads.note(connection, delivery, caller.subject, caller.role, now)
        (row,) = await listing.page(connection, whole["school"], delivery=delivery, most=1)
        attempts = await listing.attempts(connection, [delivery])
        reports = await listing.reports(connection, delivery)
        seen = await reads.of(connection, delivery, MOST_READS) if caller.role == "admin" else None
    return WholeDelivery(
        **row,
        attempts=_attempts(attempts.get(delivery, [])),
        text=whole["body_text"],
        html=whole["body_html"],
        asked_by=whole["asked_by"],
        asked_because=whole["asked_because"],
        erased_at=whole["erased_at"],
        reports=[Report(**report) for report in reports],
        reads=None if seen is None else [Read(**read) for read in seen],
    )


@router.post("/v1/deliveries/{delivery}/resend", status_code=HTTPStatus.CREATED, summary="Send a letter again")
async def resend_delivery(
    delivery: uuid.UUID, body: Ask, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> Asked:
    """A new delivery of the same letter to the same address. Not while one is on its way, nor when what the letter says was taken back."""
    now = state.clock()
    async with state.engine.begin() as connection:
        await _locked(connection, delivery, caller)
        whole = await _of_caller(connection, delivery, caller)
        address = whole["recipient"]
        is_bad = address is not None and bool(await bad_addresses.among(connection, [address_id(whole["school"], address_key(address))]))
        again = resend(whole, is_bad=is_bad)
        if not isinstance(again, Resend):
            raise ProblemError(HTTPStatus.CONFLICT, again, WHY[again])
        await deliveries.add_again(
            connection,
            delivery,
            new_id=again.id,
            message_id=again.message_id,
            number=again.number,
            by=caller.subject,
            reason=body.reason,
            now=now,
        )
    log.info("delivery.resent", delivery=str(again.id), of=str(delivery), number=again.number, by=caller.subject)
    return Asked(id=again.id, status="waiting", message_id=again.message_id, resend_of=whole["resend_of"] or delivery)


@router.post("/v1/deliveries/{delivery}/cancel", summary="Keep a letter from going")
async def cancel_delivery(
    delivery: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:write", role="manage")], body: Ask | None = None
) -> Asked:
    """Only while it waits: one that is being sent at this moment can't be stopped, and one that was sent can't be taken back."""
    now = state.clock()
    async with state.engine.begin() as connection:
        key = await _locked(connection, delivery, caller)
        if key.status != "waiting":
            raise ProblemError(HTTPStatus.CONFLICT, "not-waiting", "only a delivery that waits can be cancelled")
        if not await worklist.cancel(connection, delivery, now):
            raise ProblemError(HTTPStatus.CONFLICT, "being-sent", "it is being sent at this moment; look again when the attempt has ended")
        await deliveries.cancelled_by(connection, delivery, caller.subject, body.reason if body is not None else None)
        whole = await _of_caller(connection, delivery, caller)
    metrics.LETTERS.labels("cancelled").inc()
    log.info("delivery.cancelled", delivery=str(delivery), by=caller.subject)
    return Asked(id=delivery, status="cancelled", message_id=whole["message_id"], resend_of=whole["resend_of"])


async def _locked(connection: AsyncConnection, delivery: uuid.UUID, caller: Principal) -> DeliveryKey:
    """The delivery, with its case locked until the transaction ends. Raises ProblemError 404 for another school's too."""
    key = await deliveries.find(connection, delivery_id=delivery)
    if key is None or not caller.may_see(key.school):
        raise _unknown()
    await cases.lock(connection, [(key.student_id, key.term)])
    return await deliveries.key_of(connection, delivery)


async def _of_caller(connection: AsyncConnection, delivery: uuid.UUID, caller: Principal) -> dict[str, Any]:
    whole = await deliveries.whole(connection, delivery)
    if whole is None or not caller.may_see(whole["school"]):
        raise _unknown()
    return whole


def _unknown() -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-delivery", "there is no such delivery, or it is another school's")


def _seen_by(caller: Principal, row: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever only looks needs no addresses."""
    return dict(row) if ROLES.index(caller.role) >= ROLES.index("manage") else {**row, "recipient": None}


def _attempts(rows: Sequence[Mapping[str, Any]]) -> list[Attempt]:
    return [Attempt(**row, code=_code(row["detail"])) for row in rows]


def _code(detail: str | None) -> str | None:
    found = _CODE.search(detail or "")
    return None if found is None else found.group(1)
