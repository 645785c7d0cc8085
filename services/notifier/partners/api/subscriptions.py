"""Partners subscribe to events by webhook, and see what was sent. A subscription belongs to the subject of the token that made it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.courier import AddressRefusedError
from services.notifier.partners.endpoints import parse_endpoint
from services.notifier.partners.formats import Format, body_of, media_type
from services.notifier.partners.naming import called
from services.notifier.partners.repository import partner_events, subscriptions, webhooks
from services.notifier.partners.repository.partner_events import PartnerEvent
from services.notifier.partners.repository.subscriptions import Subscription
from services.notifier.partners.schedule import status_of
from services.notifier.partners.schemas import (
    ALL,
    AttemptCounts,
    NewSubscription,
    ReplayIn,
    ReplayOut,
    SentRequest,
    SubscriptionChange,
    SubscriptionOut,
    SubscriptionWithSecretOut,
    TestOut,
    UntakenCounts,
    WebhookAttemptOut,
)
from services.notifier.partners.signatures import new_secret
from services.notifier.state import NotifierState, State
from shared.auth.principal import Principal
from shared.events.envelope import new_event_id
from shared.identifiers import SchoolNumber, sent_id
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Child
from shared.web.cursors import PageLimit, moment, number, read_cursor
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import requires

router = Router(prefix="/v1/subscriptions", tags=["subscriptions"])

Reader = Annotated[Principal, requires("events:subscribe")]
Keeper = Annotated[Principal, requires("events:subscribe", role="admin")]
"""A flow of events out of the house is made by systems, or by a school's administrator."""

MOST: Final = 50
"""Subscriptions of one subject."""

MOST_REPLAYED: Final = 100_000
RECENT: Final = timedelta(days=1)
BOTH_SIGN: Final = timedelta(hours=24)
"""How long the old secret signs beside the new one."""


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Subscribe a receiver",
    responses=refuses("too-many-subscriptions", "key-used", "address-refused"),
)
async def create_subscription(body: NewSubscription, state: State, caller: Keeper, key: IdempotencyKey = None) -> SubscriptionWithSecretOut:
    """Every event of these types and schools is POSTed there from now on, signed with the secret that this answers, once.

    The same request again, under the same key, answers the same subscription and secret.
    """
    schools = _schools(body.schools, caller)
    await _require_reachable(body.url, state)
    secret, now = new_secret(), state.clock()
    made = Subscription(
        id=uuid.uuid4() if key is None else sent_id("subscription", caller.subject, key),
        owner=caller.subject,
        url=body.url,
        schools=schools,
        events=tuple(body.events),
        state="active",
        reason=None,
        secret=state.vault.seal(secret),
        previous_secret=None,
        previous_until=None,
        failing_since=None,
        created_at=now,
        state_since=now,
        format=body.format,
    )
    async with state.engine.begin() as connection:
        if not await subscriptions.add(connection, made, MOST):
            before = await subscriptions.get(connection, made.id, caller.subject)
            if before is not None and _asks_for_the_same(before, made):
                return await _with_secret(connection, before, state.vault.open(before.secret), now)
            if await subscriptions.was_made(connection, made.id):
                raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another subscription")
            raise ProblemError(HTTPStatus.CONFLICT, "too-many-subscriptions", f"{MOST} are the most; delete one first")
        return await _with_secret(connection, made, secret, now)


def _asks_for_the_same(before: Subscription, made: Subscription) -> bool:
    return all(getattr(before, name) == getattr(made, name) for name in ("url", "schools", "events", "format"))


@router.get("", summary="Your subscriptions")
async def list_subscriptions(state: State, caller: Reader, limit: PageLimit = 50, cursor: str | None = None) -> Page[SubscriptionOut]:
    """Oldest first, without their secrets."""
    after = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        rows = await subscriptions.page(connection, caller.subject, after=after, most=limit + 1)
        page = page_of(rows, limit, lambda subscription: (subscription.created_at, subscription.id))
        return Page(items=await _shown(connection, page.items, state.clock()), next=page.next)


@router.get("/{subscription_id}", summary="One of your subscriptions")
async def get_subscription(subscription_id: uuid.UUID, state: State, caller: Reader) -> SubscriptionOut:
    """Without its secret."""
    async with state.engine.connect() as connection:
        subscription = _existing(await subscriptions.get(connection, subscription_id, caller.subject))
        return await _one(connection, subscription, state.clock())


@router.patch(
    "/{subscription_id}",
    summary="Change, pause or resume a subscription",
    responses=refuses("address-refused"),
)
async def change_subscription(subscription_id: uuid.UUID, body: SubscriptionChange, state: State, caller: Keeper) -> SubscriptionOut:
    """Events of a paused or disabled subscription are kept, and sent once it is resumed."""
    if body.url is not None:
        await _require_reachable(body.url, state)
    now = state.clock()
    async with state.engine.begin() as connection:
        subscription = _existing(await subscriptions.lock(connection, subscription_id, caller.subject))
        schools = subscription.schools if body.schools is None else _schools(body.schools, caller)
        if body != SubscriptionChange(state="paused"):
            # Whoever sends them somewhere, or goes on with them, asks for the schools anew.
            _require_schools(schools, caller)
        url, events = body.url or subscription.url, body.events or subscription.events
        await subscriptions.change(
            connection, subscription.id, url=url, schools=schools, events=events, format_=body.format or subscription.format
        )
        if body.state == "paused" and await subscriptions.pause(connection, subscription.id, now):
            await webhooks.hold(connection, subscription.id, now)
        if body.state == "active" and await subscriptions.resume(connection, subscription.id, now):
            await webhooks.release(connection, subscription.id, now)
        changed = _existing(await subscriptions.get(connection, subscription.id, caller.subject))
        return await _one(connection, changed, now)


@router.delete("/{subscription_id}", status_code=HTTPStatus.NO_CONTENT, summary="End a subscription")
async def delete_subscription(subscription_id: uuid.UUID, state: State, caller: Keeper) -> None:
    """Nothing more is sent; a request that is under way may still arrive."""
    async with state.engine.begin() as connection:
        if not await subscriptions.delete(connection, subscription_id, caller.subject, state.clock()):
            raise _unknown()


@router.post("/{subscription_id}/rotate", summary="A new secret")
async def rotate_subscription_secret(
    subscription_id: uuid.UUID, state: State, caller: Keeper, key: IdempotencyKey = None
) -> SubscriptionWithSecretOut:
    """For 24 hours requests carry two signatures, one of the new secret and one of the old. A further rotation ends the oldest at once.

    The same request again, under the same key, answers the same secret.
    """
    under = None if key is None else sent_id("rotation", subscription_id, key)
    secret, now = new_secret(), state.clock()
    async with state.engine.begin() as connection:
        subscription = _existing(await subscriptions.lock(connection, subscription_id, caller.subject))
        if under is not None and subscription.rotated_under == under:
            return await _with_secret(connection, subscription, state.vault.open(subscription.secret), now)
        await subscriptions.rotate(connection, subscription.id, state.vault.seal(secret), now + BOTH_SIGN, under)
        changed = _existing(await subscriptions.get(connection, subscription.id, caller.subject))
        return await _with_secret(connection, changed, secret, now)


@router.get("/{subscription_id}/attempts", summary="The attempts at a subscription's events, with their results")
async def list_subscription_attempts(
    subscription_id: uuid.UUID,
    state: State,
    caller: Reader,
    event_id: Annotated[str | None, Query(max_length=128, description="Only this event")] = None,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[WebhookAttemptOut]:
    """Newest first, as long as events are kept, each with the request as it was sent but for its signature, and the receiver's answer: its
    status. The text of the answer is not kept."""
    before = read_cursor(cursor, moment, uuid.UUID, number())
    async with state.engine.connect() as connection:
        subscription = _existing(await subscriptions.get(connection, subscription_id, caller.subject))
        rows = await webhooks.attempts(connection, subscription.id, event_id=event_id, before=before, most=limit + 1)
        names = await key_holders.outward_of(connection, {row["school"] for row in rows})
    page = page_of(rows, limit, lambda row: (row["started_at"], row["work_id"], row["attempt"]))
    return page.map(lambda row: _attempt_out(row, subscription.format, names))


@router.post(
    "/{subscription_id}/replay",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send events again",
    responses=refuses("not-active", "too-many-events"),
)
async def replay_subscription(subscription_id: uuid.UUID, body: ReplayIn, state: State, caller: Keeper) -> ReplayOut:
    """Events come with the ids that they had (`webhook-id`), so that a receiver knows those it has. Also events from before the
    subscription was made, as far back as they are kept."""
    now = state.clock()
    async with state.engine.begin() as connection:
        subscription = _existing(await subscriptions.lock(connection, subscription_id, caller.subject))
        _require_schools(subscription.schools, caller)
        if subscription.state != "active":
            raise ProblemError(HTTPStatus.CONFLICT, "not-active", f"the subscription is {subscription.state}: resume it first")
        after = None if body.after is None else await partner_events.position_of(connection, body.after, subscription.schools)
        if body.after is not None and after is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-event", "no event of that id is kept for these schools; name a time instead")
        events = await webhooks.to_replay(
            connection,
            subscription.id,
            since=body.since,
            until=body.until,
            after=after,
            undelivered=body.undelivered,
            most=MOST_REPLAYED + 1,
        )
        if len(events) > MOST_REPLAYED:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "too-many-events", f"more than {MOST_REPLAYED} events: name a shorter time")
        await webhooks.replay(connection, subscription.id, events, now)
    return ReplayOut(queued=len(events))


@router.post(
    "/{subscription_id}/test",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a test event",
    responses=refuses("not-active"),
)
async def test_subscription(subscription_id: uuid.UUID, state: State, caller: Keeper, key: IdempotencyKey = None) -> TestOut:
    """A signed event of the type `nz.star.test.v1` goes to the receiver now, the way that all events go. It names no student, and no replay
    sends it again. `/attempts?event_id=` shows what became of it."""
    now = state.clock()
    async with state.engine.begin() as connection:
        subscription = _existing(await subscriptions.lock(connection, subscription_id, caller.subject))
        _require_schools(subscription.schools, caller)
        if subscription.state != "active":
            raise ProblemError(HTTPStatus.CONFLICT, "not-active", f"the subscription is {subscription.state}: resume it first")
        event_id = new_event_id() if key is None else str(sent_id("test-event", subscription.id, key))
        event = partner_events.test_event(event_id, subscription.id, subscription.schools, now)
        # Under a key that came before nothing is added, and nothing is sent.
        added = await partner_events.add(connection, [event])
        if added:
            await webhooks.replay(connection, subscription.id, [(added[0], event.event_id)], now)
    return TestOut(event_id=event.event_id, event=event.event_type)


def _attempt_out(row: Mapping[str, Any], format_: Format, names: Mapping[Child, str]) -> WebhookAttemptOut:
    """An attempt, with the request in the form that the subscription has now, and students by what they are called now."""
    event = called(PartnerEvent(row["event_id"], row["event"], row["source"], row["school"], row["time"], row["data"]), names)
    headers = {"content-type": media_type(format_), "webhook-id": event.event_id}
    request = SentRequest(headers=headers, body=msgspec.json.decode(body_of(event, format_)))
    return WebhookAttemptOut.model_validate({**row, "status": status_of(row["detail"]), "request": request})


def _schools(named: Sequence[str], caller: Principal) -> tuple[str, ...] | None:
    schools = None if ALL in named else tuple(named)
    _require_schools(schools, caller)
    return schools


def _require_schools(schools: Sequence[str] | None, caller: Principal) -> None:
    if schools is None and caller.schools is not None:
        raise ProblemError(HTTPStatus.FORBIDDEN, "another-school", "this token does not hold for all schools")
    for school in schools or ():
        caller.require_school(SchoolNumber(school))


async def _require_reachable(url: str, state: NotifierState) -> None:
    endpoint = parse_endpoint(url)
    try:
        await state.addresses.look_up(endpoint.host, endpoint.port, tls=endpoint.tls)
    except AddressRefusedError as error:
        detail = f"{error}; it must be public" + ("" if endpoint.tls else ", and http:// is for networks that are allowed by name alone")
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "address-refused", detail) from error


async def _one(connection: AsyncConnection, subscription: Subscription, now: datetime) -> SubscriptionOut:
    (shown,) = await _shown(connection, [subscription], now)
    return shown


async def _with_secret(connection: AsyncConnection, subscription: Subscription, secret: str, now: datetime) -> SubscriptionWithSecretOut:
    return SubscriptionWithSecretOut(**(await _one(connection, subscription, now)).model_dump(), secret=secret)


async def _shown(connection: AsyncConnection, rows: Sequence[Subscription], now: datetime) -> list[SubscriptionOut]:
    ids = [subscription.id for subscription in rows]
    counts = await webhooks.counts(connection, ids)
    recent = await webhooks.last_day(connection, ids, now - RECENT)
    return [
        SubscriptionOut(
            id=subscription.id,
            url=subscription.url,
            schools=[ALL] if subscription.schools is None else list(subscription.schools),
            events=list(subscription.events),
            format=subscription.format,
            state=subscription.state,
            reason=subscription.reason,
            state_since=subscription.state_since,
            created_at=subscription.created_at,
            failing_since=subscription.failing_since,
            previous_secret_until=subscription.previous_until if len(subscription.secrets(now)) > 1 else None,
            deliveries=UntakenCounts(**counts[subscription.id]),
            last_day=AttemptCounts(attempts=recent[subscription.id].attempts, succeeded=recent[subscription.id].succeeded),
            oldest_waiting=recent[subscription.id].oldest_waiting,
        )
        for subscription in rows
    ]


def _existing(subscription: Subscription | None) -> Subscription:
    if subscription is None:
        raise _unknown()
    return subscription


def _unknown() -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-subscription", "you have no such subscription")
