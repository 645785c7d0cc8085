"""A school sees which partners hear of it, and cuts them off."""

import uuid
from http import HTTPStatus
from typing import Annotated

import structlog

from services.notifier.partners.endpoints import parse_endpoint
from services.notifier.partners.repository import subscriptions
from services.notifier.partners.repository.subscriptions import Subscription
from services.notifier.partners.schemas import ListenerOut
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

log = structlog.get_logger()

router = Router(prefix="/v1/schools/{school}/subscriptions", tags=["subscriptions"])


@router.get("", summary="Which partners hear of the school")
async def list_school_subscriptions(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", role="manage")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[ListenerOut]:
    """Oldest first. Partners on Kafka and readers of the feed are not among them: their tokens and users are what lets them in."""
    caller.require_school(school)
    after = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        rows = await subscriptions.page_of_school(connection, school, after=after, most=limit + 1)
    return page_of(rows, limit, lambda subscription: (subscription.created_at, subscription.id)).map(_shown)


@router.delete(
    "/{subscription_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Cut a partner off from the school",
    responses=refuses("all-schools"),
)
async def cut_off_subscription(
    school: SchoolInPath,
    subscription_id: uuid.UUID,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> None:
    """Takes the school out of the subscription; what waits of it is not sent. The partner's token is another matter: revoke it too."""
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        subscription = await subscriptions.lock_of_school(connection, subscription_id, school)
        if subscription is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-subscription", "no such subscription hears of this school")
        if subscription.schools is None:
            detail = "this subscription is for all schools: whoever runs the engine has to end it"
            raise ProblemError(HTTPStatus.CONFLICT, "all-schools", detail)
        rest = [other for other in subscription.schools if other != school]
        if rest:
            await subscriptions.change(
                connection,
                subscription.id,
                url=subscription.url,
                schools=rest,
                events=subscription.events,
                format_=subscription.format,
            )
        else:
            await subscriptions.delete(connection, subscription.id, subscription.owner, now)
        access = Access(action="cut-off-partner", school=school, fields=["schools"], filters={"owner": subscription.owner})
        await log_access(connection, caller, access, now)
    log.info("subscription.cut_off", subscription=str(subscription_id), school=school)


def _shown(subscription: Subscription) -> ListenerOut:
    return ListenerOut(
        id=subscription.id,
        owner=subscription.owner,
        host=parse_endpoint(subscription.url).host,
        all_schools=subscription.schools is None,
        events=list(subscription.events),
        state=subscription.state,
        created_at=subscription.created_at,
    )
