"""A school sees what was sent to whom, what failed, and what is about to go."""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import bad_addresses, contacts
from services.notifier.contacts.sending_window import next_opening
from services.notifier.delivery.deliveries.correctable import correctable
from services.notifier.delivery.deliveries.delivery import Delivery, DeliveryKey
from services.notifier.delivery.deliveries.repeating import id_for, made_before
from services.notifier.delivery.deliveries.repository import deliveries, listing, reads
from services.notifier.delivery.deliveries.resending import WHY, Resend, plan_resend
from services.notifier.delivery.deliveries.schemas import (
    STATUSES_OF,
    AttemptOut,
    ChangedDelivery,
    DeliveryOut,
    DeliveryWithLetter,
    LetterRead,
    ListedStatus,
    ReportOut,
    StatusGroup,
    WithReason,
)
from services.notifier.state import NotifierState, State
from shared.audit.log import Access, log_access
from shared.auth.principal import ROLES, Principal
from shared.key_holders import repository as key_holders
from shared.telemetry import metrics
from shared.web.cursors import MOST_ITEMS, PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.schemas import ThresholdParameter
from shared.web.service import SchoolInPath, requires
from shared.web.visible import hidden, visible
from shared.worklist import repository as worklist

log = structlog.get_logger()

router = Router(tags=["deliveries"])

MOST_READS: Final = 200
_CODE: Final = re.compile(r"(?<![0-9.])([2345][0-9]{2}(?: [245]\.[0-9]{1,3}\.[0-9]{1,3})?)(?![0-9.])")


@router.get("/v1/schools/{school}/deliveries", summary="Letters to caregivers, and every attempt at each")
async def list_deliveries(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    student: Annotated[list[str] | None, Query(description="The school's own keys of students", max_length=MOST_ITEMS)] = None,
    status: ListedStatus | None = None,
    group: Annotated[StatusGroup | None, Query(description="`waiting`, `sent`, `came-back` or `ended`: several statuses together")] = None,
    threshold: ThresholdParameter | None = None,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[DeliveryOut]:
    """Newest first. `held`: waits in case the crossing is taken back. `no-contact`: due, and no caregiver has a usable address;
    it goes as soon as one has. `on-hold`: due, and staff hold it. `awaiting-release`: due when more were than may go in a day; a person
    releases it. `waiting`: written, and being sent. Then `sent`, `failed`, `bounced` (it left, and came back), `cancelled`, or `past`: it
    was due, and its reason says why there is none. Addresses are for the role `manage`."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.begin() as connection:
        statuses = [status] if status is not None else STATUSES_OF[group] if group is not None else None
        rows = await listing.page(
            connection,
            school,
            students=None if student is None else await key_holders.named(connection, school, student),
            statuses=statuses,
            threshold=threshold,
            before=before,
            part=caller.part,
            most=limit + 1,
        )
        page = page_of(rows, limit, lambda row: (row["created_at"], row["id"]))
        attempts = await listing.attempts(connection, [row["id"] for row in page.items])
        shown = [row["student"] for row in page.items]
        filters = {"student": ",".join(student) if student else None, "status": status, "group": group, "threshold": threshold}
        access = Access(action="list-deliveries", school=school, students=shown, filters=filters)
        await log_access(connection, caller, access, state.clock())
        goes_at = await _goes_at(connection, state, school, page.items)
        can_be = await correctable(connection, school, page.items, state.clock())
    return page.map(
        lambda row: DeliveryOut(
            **_seen_by(caller, row) | {"can_be_corrected": row["id"] in can_be} | goes_at.get(row["id"], {}),
            attempts=_attempts(attempts.get(row["id"], [])),
        )
    )


@router.get("/v1/deliveries/{delivery}", summary="One delivery, its attempts, and the letter as it was sent")
async def get_delivery(
    delivery: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:read", role="manage", by_group=True)]
) -> DeliveryWithLetter:
    """Every look at a letter is written down, and shown to the role `admin`. Words and the address are null once they were erased."""
    now = state.clock()
    async with state.engine.begin() as connection:
        sent = await _of_caller(connection, delivery, caller)
        rows = await listing.page(connection, sent.school, delivery=delivery, part=caller.part, most=1)
        if not rows:
            raise hidden(sent, _unknown())
        (row,) = rows
        await reads.note(connection, delivery, caller.subject, caller.role, now)
        access = Access(action="read-letter", school=sent.school, students=[row["student"]])
        await log_access(connection, caller, access, now)
        can_be = await correctable(connection, sent.school, [row], now)
        attempts = await listing.attempts(connection, [delivery])
        reports = await listing.reports(connection, delivery)
        seen = await reads.of(connection, delivery, MOST_READS) if caller.role == "admin" else None
    return DeliveryWithLetter(
        **dict(row) | {"can_be_corrected": delivery in can_be},
        attempts=_attempts(attempts.get(delivery, [])),
        text=sent.body_text,
        html=sent.body_html,
        asked_by=sent.asked_by,
        asked_because=sent.asked_because,
        asked_at=sent.asked_at,
        erased_at=sent.erased_at,
        reports=[ReportOut(**report) for report in reports],
        reads=None if seen is None else [LetterRead(**read) for read in seen],
    )


@router.post(
    "/v1/deliveries/{delivery}/resend",
    status_code=HTTPStatus.CREATED,
    summary="Send a letter again",
    response_description="The new delivery of the letter.",
    responses=refuses("key-used", "not-resendable", "being-resent", "erased", "withdrawn", "bad-address"),
)
async def resend_delivery(
    delivery: uuid.UUID,
    body: WithReason,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="manage")],
    idempotency_key: IdempotencyKey = None,
) -> ChangedDelivery:
    """A new delivery of the same letter to the same address, also of one that a person had kept from going. It is refused while one is on
    its way, and when the crossing that the letter is about was taken back."""
    now = state.clock()
    id_ = id_for("resend", delivery, idempotency_key)
    async with state.engine.begin() as connection:
        key = await _lock(connection, delivery, caller)
        if (made := await made_before(connection, id_, body.reason)) is not None:
            return made
        sent = await _of_caller(connection, delivery, caller)
        is_bad = sent.recipient is not None and await bad_addresses.is_bad(connection, sent.school, sent.recipient)
        resend = plan_resend(sent, is_bad=is_bad, id_=id_)
        if not isinstance(resend, Resend):
            raise ProblemError(HTTPStatus.CONFLICT, resend, WHY[resend])
        await deliveries.add_resend(connection, delivery, sent.school, resend, by=caller.subject, reason=body.reason, now=now)
        await log_access(connection, caller, Access(action="resend-letter", school=key.school, student_ids=[key.student_id]), now)
    log.info("delivery.resent", delivery=str(resend.id), of=str(delivery), number=resend.number, by=caller.subject)
    return ChangedDelivery(id=resend.id, status="waiting", message_id=resend.message_id, resend_of=sent.resend_of or delivery)


@router.post(
    "/v1/deliveries/{delivery}/cancel",
    summary="Keep a letter from going",
    responses=refuses("not-waiting", "being-sent"),
)
async def cancel_delivery(
    delivery: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:write", role="manage")], body: WithReason | None = None
) -> ChangedDelivery:
    """Only while it waits: a delivery that is being sent at this moment can't be stopped, and a sent one can't be taken back."""
    now = state.clock()
    async with state.engine.begin() as connection:
        key = await _lock(connection, delivery, caller)
        if key.status != "waiting":
            raise ProblemError(HTTPStatus.CONFLICT, "not-waiting", "only a delivery that waits can be cancelled")
        if key.channel != "paper" and not await worklist.cancel(connection, delivery, now):
            raise ProblemError(HTTPStatus.CONFLICT, "being-sent", "it is being sent at this moment; look again when the attempt has ended")
        await deliveries.cancelled_by(connection, delivery, caller.subject, body.reason if body is not None else None, now)
        await log_access(connection, caller, Access(action="cancel-letter", school=key.school, student_ids=[key.student_id]), now)
        sent = await _of_caller(connection, delivery, caller)
    metrics.LETTERS.labels("cancelled").inc()
    log.info("delivery.cancelled", delivery=str(delivery), by=caller.subject)
    return ChangedDelivery(id=delivery, status="cancelled", message_id=sent.message_id, resend_of=sent.resend_of)


async def _goes_at(
    connection: AsyncConnection, state: NotifierState, school: str, rows: Sequence[Mapping[str, Any]]
) -> dict[uuid.UUID, dict[str, datetime]]:
    """When letters that are held go, as far as is known now: at the first opening of the window after the waiting time."""
    held = [row for row in rows if row["status"] == "held"]
    sender = await contacts.school(connection, school) if held else None
    if sender is None:
        return {}
    window = (await listing.choices(connection, school)).window or state.settings.policy_defaults.window
    calendar, now = sender.calendar(), state.clock()
    openings = {row["id"]: next_opening(window, calendar, max(row["due_at"], now)) for row in held}
    # A letter does not wait for an opening after its term: it goes before, at its own time.
    terms = {row["id"]: calendar.term_named(row["term"]) for row in held}
    return {
        item: {"due_at": opening}
        for item, opening in openings.items()
        if opening is not None and ((term := terms[item]) is None or calendar.today(opening) <= term.end)
    }


async def _lock(connection: AsyncConnection, delivery: uuid.UUID, caller: Principal) -> DeliveryKey:
    """The delivery, with its case locked until the transaction ends. Raises ProblemError 404 for another school's too."""
    visible(await deliveries.find(connection, delivery_id=delivery), caller, _unknown())
    return await deliveries.lock(connection, delivery)


async def _of_caller(connection: AsyncConnection, delivery: uuid.UUID, caller: Principal) -> Delivery:
    visible(await deliveries.find(connection, delivery_id=delivery), caller, _unknown())
    sent = await deliveries.get(connection, delivery)
    if sent is None:
        raise _unknown()
    return sent


def _unknown() -> ProblemError:
    detail = "there is no such delivery, or it is another school's, or about a student who is not yours"
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-delivery", detail)


def _seen_by(caller: Principal, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row, without its address for a caller who only looks."""
    return dict(row) if ROLES.index(caller.role) >= ROLES.index("manage") else {**row, "recipient": None}


def _attempts(rows: Sequence[Mapping[str, Any]]) -> list[AttemptOut]:
    return [AttemptOut(**row, code=_code(row["detail"])) for row in rows]


def _code(detail: str | None) -> str | None:
    code = _CODE.search(detail or "")
    return None if code is None else code.group(1)
