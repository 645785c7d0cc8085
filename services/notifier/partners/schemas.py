"""Subscriptions as partners send them and see them."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.notifier.partners.endpoints import LONGEST_URL, parse_endpoint
from services.notifier.partners.formats import Format
from shared.events.catalogue import PARTNER_EVENTS
from shared.identifiers import school_number
from shared.web.schemas import Body

ALL: Final = "*"
MOST_SCHOOLS: Final = 3_000
"""More than there are schools in New Zealand."""

_NAMES: Final = frozenset(event.name for event in PARTNER_EVENTS)


def _event(name: str) -> str:
    if name not in _NAMES:
        raise ValueError("not an event that partners hear; see /asyncapi")
    return name


def _school(number: str) -> str:
    return number if number == ALL else school_number(number)


def _unique(names: list[str]) -> list[str]:
    if ALL in names and len(names) > 1:
        raise ValueError("'*' stands alone")
    return sorted(set(names))


def _url(url: str) -> str:
    parse_endpoint(url)
    return url


Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_URL),
    AfterValidator(_url),
    Field(description="https://, without user, password or fragment; its host must not lie in a private network"),
]
Schools = Annotated[
    list[Annotated[str, AfterValidator(_school)]],
    Field(min_length=1, max_length=MOST_SCHOOLS, description="School numbers of the token; ['*'] for all, with a token for all"),
    AfterValidator(_unique),
]
Events = Annotated[
    list[Annotated[str, AfterValidator(_event)]],
    Field(min_length=1, max_length=50, description="Types of events, as in /asyncapi"),
    AfterValidator(_unique),
]


FormatField = Annotated[
    Format,
    Field(description="CloudEvents; or messages in plain words for a workflow of Microsoft Teams, or for an incoming webhook of Slack"),
]


class NewSubscription(Body):
    """Which events of which schools go where, and in which form."""

    url: Url
    schools: Schools
    events: Events
    format: FormatField = "cloudevents"

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://partner.example/star",
                "schools": ["0999"],
                "events": ["nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1"],
            }
        }
    )


class SubscriptionChange(Body):
    """The fields to change; fields left out stay. `state` pauses, or resumes what was paused or disabled."""

    url: Url | None = None
    schools: Schools | None = None
    events: Events | None = None
    format: FormatField | None = None
    state: Literal["active", "paused"] | None = None


class ReplayIn(Body):
    """Which events to send again: those that happened from a time on, or those behind an event."""

    model_config = ConfigDict(json_schema_extra={"example": {"from": "2026-10-19T00:00:00+13:00"}})

    since: AwareDatetime | None = Field(default=None, alias="from", description="The first time to include, with an offset")
    until: AwareDatetime | None = Field(default=None, alias="to", description="The first time not to include any more")
    after: str | None = Field(default=None, max_length=128, description="The id of the last event that arrived")
    undelivered: bool = Field(default=False, description="Only those that the receiver has not taken")

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.since is None) == (self.after is None):
            raise ValueError("name either from or after")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError("to lies behind from")
        return self


class ReplayOut(BaseModel):
    """How many events are sent (again)."""

    queued: int


class UntakenCounts(BaseModel):
    """Deliveries that the receiver has not taken."""

    waiting: int = Field(description="Being tried, or on their way")
    held: int = Field(description="Kept until the subscription is resumed")
    failed: int = Field(description="Given up; a replay sends them again")


class AttemptCounts(BaseModel):
    """Attempts that ended in the last 24 hours."""

    attempts: int
    succeeded: int


class TestOut(BaseModel):
    """A test event that is on its way."""

    event_id: str
    event: str


class SentRequest(BaseModel):
    """A request as the receiver gets it. Its signature and timestamp are made anew for each attempt, and kept nowhere."""

    headers: dict[str, str]
    body: dict[str, Any]


class SubscriptionOut(BaseModel):
    """A subscription. Its secret is shown once, when it is made."""

    id: uuid.UUID
    url: str
    schools: list[str]
    events: list[str]
    format: Format
    state: Literal["active", "paused", "disabled"]
    reason: Literal["gone", "failing"] | None = Field(description="Why it was disabled: the receiver answered 410, or failed for five days")
    state_since: datetime
    created_at: datetime
    failing_since: datetime | None = Field(description="The first failure since the last success")
    previous_secret_until: datetime | None = Field(description="Until when the secret before the last rotation signs too")
    deliveries: UntakenCounts
    last_day: AttemptCounts
    oldest_waiting: datetime | None = Field(description="The time of the event that has waited longest")


class SubscriptionWithSecretOut(SubscriptionOut):
    """A new subscription, or one whose secret was rotated."""

    secret: str = Field(description="Signs every request; keep it: it is not shown again")


class ListenerOut(BaseModel):
    """A subscription to a school. The whole address is the partner's own."""

    id: uuid.UUID
    owner: str = Field(description="The subject of the token that subscribed")
    host: str
    all_schools: bool
    events: list[str]
    state: Literal["active", "paused", "disabled"]
    created_at: datetime


class WebhookAttemptOut(BaseModel):
    """One request, on record before it began."""

    event_id: str
    event: str
    delivery: Literal["waiting", "held", "delivered", "failed"] = Field(description="The state of the delivery now")
    attempt: int
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it is under way, or when it was cut short by a stop")
    outcome: Literal["done", "retry", "failed"] | None
    status: int | None = Field(description="The receiver's HTTP status; null when there was no answer")
    detail: str | None
    request: SentRequest
