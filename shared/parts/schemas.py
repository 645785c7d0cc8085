"""Parts, operations and backlogs as the API answers them."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.settings import ServiceName
from shared.web.pages import Page


class PartOut(BaseModel):
    """A process of the service. `stuck`: loops that do not go round. `missing`: what it depends on and does not answer."""

    id: uuid.UUID
    service: ServiceName
    kind: Literal["api", "worker"]
    host: str
    version: str
    since: datetime
    refreshed: datetime
    live: bool
    ready: bool
    stuck: list[str]
    missing: list[str]
    leads: list[str] = Field(description="The leases that it holds: what only one process does at a time")


class OperationOut(BaseModel):
    """An operation of the document in the last hour, over all processes of the service."""

    service: ServiceName
    method: str
    path: str
    summary: str
    tag: str = Field(description="With `operation_id`, where the document's page has it: `/docs#/TAG/OPERATION_ID`")
    operation_id: str
    requests: int
    rate: float = Field(description="Requests a second")
    errors: float = Field(description="The share of answers with a status of 500 or above, 0 to 1")
    refused: float = Field(description="The share of answers with a status of 400 to 499, 0 to 1")
    p50: float | None = Field(description="Milliseconds within which half of the answers came; null without any")
    p99: float | None


class MinuteOut(BaseModel):
    """A minute of the last hour."""

    requests: int
    errors: int


class OperationPage(Page[OperationOut]):
    """All operations of the service's document, and the service's last hour by minute, the present one last."""

    seconds: float = Field(description="How much of the hour the oldest process has seen")
    minutes: list[MinuteOut]


class LagOut(BaseModel):
    """A consumer group at one partition."""

    group: str
    topic: str
    partition: int
    records: int
    seconds: float


class OutboxOut(BaseModel):
    """The outbox: events that wait (counted up to 10,000), the age of the oldest, and those that the bus does not take."""

    waiting: int
    seconds: float
    refused: int


class WorkKindOut(BaseModel):
    """Work items of one kind that are not finished: `due` ones are late by up to `seconds`. `failed` ended so in the last day."""

    kind: str
    waiting: int
    due: int
    seconds: float
    failed: int
    last_error: str | None


class WorkItemOut(BaseModel):
    """A work item. Its id is that of the delivery, letter or upload that it is for, where the kind has such a thing."""

    id: uuid.UUID
    kind: str
    state: Literal["waiting", "leased", "failed"] = Field(description="leased: somebody works on it at this moment")
    due_at: datetime
    attempts: int
    last_error: str | None
    created_at: datetime
    settled_at: datetime | None


class DeadLettersOut(BaseModel):
    """Dead letters of one reason and topic that wait for a person."""

    reason: str
    topic: str
    letters: int
    oldest: datetime


class BacklogOut(BaseModel):
    """How far the service is behind: what it has to read, to say and to do, and what it could not apply."""

    service: ServiceName
    lag: list[LagOut]
    outbox: OutboxOut
    work: list[WorkKindOut]
    dead_letters: list[DeadLettersOut]
