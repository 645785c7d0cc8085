"""`/console/partners`: one's subscriptions, their attempts, and what is done with them."""

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, form
from services.console.frame.navigation import BASE, PARTNERS_PAGE
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.partners.forms import DeedForm, NewSubscriptionForm, ReplayForm, SecretForm
from services.console.pages.partners.view import EVENTS, FORMATS, ZONE, attempt_row, subscription_row

router = PageRouter()

SUBSCRIPTIONS = "/v1/subscriptions"
SHOWN = 50
SAID = {"pause": "Paused: events are kept.", "resume": "Active again: what was kept is on its way.", "end": "The subscription has ended."}


@router.get("/partners", PARTNERS_PAGE.needs)
async def partners(visit: VisitHere, cursor: str | None = None) -> Response:
    """The subscriptions, and the form for a new one."""
    parts = await visit.ask(subscriptions=visit.apis.notifier.get(SUBSCRIPTIONS, cursor=cursor, limit=SHOWN))
    found = parts["subscriptions"]
    more = f"{BASE}/partners?cursor={found.data['next']}" if found.data and found.data["next"] else None
    rows = found.map(lambda sent: [subscription_row(one) for one in sent["items"]])
    schools = " ".join(visit.person.schools) if visit.person.schools is not None else "*"
    return visit.show("partners/partners.html", PARTNERS_PAGE, rows=rows, more=more, events=EVENTS, formats=FORMATS, schools=schools)


@router.post("/partners", PARTNERS_PAGE.needs)
async def subscribe(visit: VisitHere, body: Annotated[NewSubscriptionForm, form(NewSubscriptionForm)]) -> Response:
    """Makes a subscription, and shows its secret, once."""
    made = await visit.apis.notifier.send("POST", SUBSCRIPTIONS, body.body(), once=body.once)
    return _secret(visit, made, "Subscribed")


@router.get("/partners/{subscription}", PARTNERS_PAGE.needs)
async def subscription(visit: VisitHere, subscription: UUID, cursor: str | None = None, event: str | None = None) -> Response:
    """One subscription with the attempts at its events, newest first."""
    path = f"{SUBSCRIPTIONS}/{subscription}"
    parts = await visit.ask(
        subscription=visit.apis.notifier.get(path),
        attempts=visit.apis.notifier.get(f"{path}/attempts", cursor=cursor, event_id=event, limit=SHOWN),
    )
    found, attempts = parts["subscription"], parts["attempts"]
    if found.failure is not None and found.failure.why == "absent":
        raise NotThereError
    following = attempts.data["next"] if attempts.data else None
    view = {
        "one": found.map(subscription_row),
        "attempts": attempts.map(lambda sent: [attempt_row(one) for one in sent["items"]]),
        "more": f"{BASE}/partners/{subscription}?cursor={following}{f'&event={event}' if event else ''}" if following else None,
        "event": event,
    }
    title = urls_host(found)
    return visit.show("partners/subscription.html", PARTNERS_PAGE, view, title=title)


@router.post("/partners/{subscription}", PARTNERS_PAGE.needs)
async def act(visit: VisitHere, subscription: UUID, body: Annotated[DeedForm, form(DeedForm)]) -> Response:
    """Sends a test event; pauses, resumes or ends the subscription."""
    path, here = f"{SUBSCRIPTIONS}/{subscription}", f"{BASE}/partners/{subscription}"
    if body.act == "test":
        answer = await visit.apis.notifier.send("POST", f"{path}/test", once=body.once)
        if answer.data is None:
            return visit.leave(here, _nothing(answer))
        return visit.leave(f"{here}?event={answer.data['event_id']}", "The test event is on its way: load this page again in a moment.")
    if body.act == "end":
        answer = await visit.apis.notifier.send("DELETE", path)
        ended = answer.failure is None or answer.failure.why == "absent"
        return visit.leave(f"{BASE}/partners", SAID["end"] if ended else _nothing(answer))
    state = "paused" if body.act == "pause" else "active"
    answer = await visit.apis.notifier.send("PATCH", path, {"state": state})
    return visit.leave(here, SAID[body.act] if answer.came else _nothing(answer))


@router.post("/partners/{subscription}/replay", PARTNERS_PAGE.needs)
async def replay(visit: VisitHere, subscription: UUID, body: Annotated[ReplayForm, form(ReplayForm)]) -> Response:
    """Sends events again, from the beginning of a day on."""
    since = datetime.combine(body.since, time(0), ZONE).isoformat()
    sent = {"from": since, "undelivered": body.undelivered}
    answer = await visit.apis.notifier.send("POST", f"{SUBSCRIPTIONS}/{subscription}/replay", sent)
    said = _nothing(answer) if answer.data is None else f"{count(answer.data['queued'], 'event is', 'events are')} on the way again."
    return visit.leave(f"{BASE}/partners/{subscription}", said)


@router.post("/partners/{subscription}/secret", PARTNERS_PAGE.needs)
async def rotate(visit: VisitHere, subscription: UUID, body: Annotated[SecretForm, form(SecretForm)]) -> Response:
    """A new secret, shown once; the old one signs beside it for a day."""
    answer = await visit.apis.notifier.send("POST", f"{SUBSCRIPTIONS}/{subscription}/rotate", once=body.once)
    return _secret(visit, answer, "A new secret")


def urls_host(found: Part[Any]) -> str:
    """The page's title."""
    return subscription_row(found.data)["host"] if found.data else "Subscription"


def _secret(visit: Visit, answer: Part[Any], title: str) -> Response:
    """The one page that has a secret on it: it is no redirect, so that the secret is in no address and in no cookie."""
    if answer.data is None:
        raise BadFormError([_nothing(answer)])
    return visit.show("partners/secret.html", PARTNERS_PAGE, one=subscription_row(answer.data), secret=answer.data["secret"], title=title)


def _nothing(answer: Part[Any]) -> str:
    detail = answer.failure.detail if answer.failure is not None else ""
    return f"Nothing was changed: {detail or 'the service can not be reached now'}."
