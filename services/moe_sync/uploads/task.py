"""The work of sending an upload until the Ministry has answered it for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.adapters.interface import Adapter, Parcel, Placed, Received, Refused, Unsettled
from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.roster.repository import preferences, schools
from services.moe_sync.uploads.answering import keep_answer
from services.moe_sync.uploads.building import seal
from services.moe_sync.uploads.document import CONTENT_TYPE
from services.moe_sync.uploads.repository import sending, uploads
from services.moe_sync.uploads.repository.uploads import UPLOAD
from shared.clock import Clock, utc_now
from shared.telemetry import metrics
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(first=timedelta(seconds=30), longest=timedelta(hours=1), most_attempts=None)
"""An outage of minutes costs no more than minutes, one of days is met within the hour; nothing is given up."""

LEASE_MARGIN: Final = timedelta(minutes=1)
"""By how much a lease is longer than an attempt on the wire: room for two short transactions."""

SET_UP: Final = frozenset({"certificate", "host-key", "permission", "token-refused"})
"""Codes of what no waiting mends: a person has to look at the settings, ours or the Ministry's."""

DELIVERED_FOR: Final = timedelta(days=1)
"""A document that was put where the Ministry collects it counts as being there for so long; after that it is put there once more."""


# The outcomes carry what the Ministry said to `settle`, which keeps it in the transaction that settles the work. Their `detail` goes
# into logs and so holds none of the Ministry's words, which could quote what was sent.


@dataclass(frozen=True, slots=True)
class _Received(Done):
    answer: Received | None = None


@dataclass(frozen=True, slots=True)
class _SetAside(Done):
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Refused(Failed):
    answer: Refused | None = None


@dataclass(frozen=True, slots=True)
class _Unsettled(Retry):
    reason: str = ""
    unknown: bool = True
    delivered: bool = False


@dataclass
class UploadTask:
    """Sends the same bytes under the same key until there is an answer; never gives up by itself.

    `adapters` are those that the settings set up; `default` is the one of schools that have chosen none. An upload that can't go now,
    because its school has paused or a person carries it, is set aside: nobody looks at it again until something changes.
    """

    engine: AsyncEngine
    adapters: Mapping[AdapterName, Adapter]
    default: AdapterName
    lease: timedelta
    clock: Clock = utc_now
    kind: str = UPLOAD
    backoff: Backoff = BACKOFF

    async def perform(self, item: WorkItem) -> Outcome:
        """Makes one attempt, outside any transaction."""
        async with self.engine.begin() as connection:
            school = await sending.school_of(connection, item.id)
            if school is None or await schools.lock(connection, school) is None:
                return Done("no such upload")
            upload = await sending.to_send(connection, item.id, delivered_since=self.clock() - DELIVERED_FOR)
            if upload is None:
                return Done("answered before")
            chosen = await preferences.get(connection, school)
            name = chosen.adapter or self.default
            adapter = self.adapters.get(name)
            if chosen.paused or adapter is None:
                return _SetAside("paused" if chosen.paused else "no way to send it")
            upload = await seal(connection, item.id, upload)
            if name != "folder":
                await sending.start(connection, item.id, name, lost=item.lost > 0)
        parcel = Parcel(str(item.id), upload.body, upload.digest, upload.school, upload.week, upload.number, upload.delivered, CONTENT_TYPE)
        match await adapter.send(parcel):
            case Received(status=status) as answer:
                return _Received(status, answer)
            case Refused(code=code) as answer:
                return _Refused(code, answer)
            case Placed(detail=detail):
                return _SetAside("left to a person", detail)
            case Unsettled() as answer:
                if answer.code in SET_UP:
                    metrics.UPLOAD_TROUBLE.labels(answer.code).inc()
                    log.error("upload.misconfigured", upload=str(item.id), adapter=name, code=answer.code)
                newly = answer.delivered and not upload.delivered
                unknown = answer.arrived is None
                return _Unsettled(answer.code, answer.after, reason=answer.detail, unknown=unknown, delivered=newly)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps the answer, and lets the school's next upload go."""
        match outcome:
            case _Received(answer=Received() as answer) | _Refused(answer=Refused() as answer):
                status = await keep_answer(connection, item.id, answer, self.clock())
                if status is not None:
                    metrics.UPLOADS.labels(status).inc()
                    log.info("upload.answered", upload=str(item.id), status=status, attempt=item.attempt)
            case _SetAside(reason=reason):
                await self._set_aside(connection, item, reason)
            case Done():
                pass
            case _Unsettled(detail=detail, reason=reason, unknown=unknown, delivered=delivered):
                delivered_at = self.clock() if delivered else None
                await sending.not_answered(connection, item.id, reason or detail, unknown=unknown, delivered_at=delivered_at)
            case Retry(detail=detail) | Failed(detail=detail):
                await sending.not_answered(connection, item.id, detail, unknown=True, delivered_at=None)

    async def _set_aside(self, connection: AsyncConnection, item: WorkItem, reason: str) -> None:
        school = await sending.school_of(connection, item.id)
        if school is None:
            return
        await schools.lock(connection, school)
        if reason:
            await sending.placed(connection, item.id, reason, self.clock())
        chosen = await preferences.get(connection, school)
        sends = not chosen.paused and (chosen.adapter or self.default) in self.adapters
        if sends and (chosen.adapter or self.default) != "folder":
            # The school has changed its mind while this attempt found it otherwise.
            await uploads.queue_next(connection, [school], self.clock())
