"""The work of sending an upload until the Ministry has answered it for good."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.adapters.interface import Adapter, Parcel, Received, Refused, Unsettled
from services.moe_sync.building import UPLOAD, queue_next
from services.moe_sync.repository import items, schools, uploads
from shared.clock import Clock, utc_now
from shared.telemetry import metrics
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(first=timedelta(seconds=30), longest=timedelta(hours=1), most_attempts=None)
"""An outage of minutes costs no more than minutes, one of days is met within the hour; nothing is given up."""

LEASE_MARGIN: Final = timedelta(minutes=1)
"""By how much a lease is longer than an attempt on the wire: room for two short transactions."""


# The outcomes carry what the Ministry said to `settle`, which keeps it in the transaction that settles the work. Their `detail` goes
# into logs and so holds none of the Ministry's words, which could quote what was sent.


@dataclass(frozen=True, slots=True)
class _Received(Done):
    answer: Received | None = None


@dataclass(frozen=True, slots=True)
class _Refused(Failed):
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Unsettled(Retry):
    reason: str = ""


@dataclass
class UploadTask:
    """Sends the same bytes under the same key until there is an answer; never gives up by itself."""

    engine: AsyncEngine
    adapter: Adapter
    lease: timedelta
    clock: Clock = utc_now
    kind: str = UPLOAD
    backoff: Backoff = BACKOFF

    async def perform(self, item: WorkItem) -> Outcome:
        """Makes one attempt, outside any transaction."""
        async with self.engine.begin() as connection:
            upload = await uploads.start(connection, item.id)
        if upload is None:
            return Done("answered before")
        answer = await self.adapter.send(Parcel(str(item.id), upload.body, upload.digest))
        match answer:
            case Received(status=status):
                return _Received(status, answer)
            case Refused(code=code, detail=detail):
                return _Refused(code, detail)
            case Unsettled(code=code, detail=detail, after=after):
                return _Unsettled(code, after, detail)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps the answer, and lets the school's next upload go."""
        match outcome:
            case _Received(answer=Received() as answer):
                if await self._settled(connection, item, answer.status, receipt=answer.receipt):
                    await self._keep_rejects(connection, item, answer)
            case _Refused(reason=reason):
                await self._settled(connection, item, "refused", reason=reason)
            case Done():
                pass
            case Retry(detail=detail) | Failed(detail=detail):
                reason = outcome.reason if isinstance(outcome, _Unsettled) and outcome.reason else detail
                await uploads.not_answered(connection, item.id, reason)

    async def _settled(
        self,
        connection: AsyncConnection,
        item: WorkItem,
        status: Literal["accepted", "partly-accepted", "refused"],
        *,
        receipt: str | None = None,
        reason: str | None = None,
    ) -> bool:
        now = self.clock()
        school = await uploads.answered(connection, item.id, status, receipt=receipt, reason=reason, now=now)
        if school is None:
            return False
        # From here on no upload of the school is being built.
        await schools.lock(connection, school)
        if status == "refused":
            # Nothing of it counts as said: its items go with the next upload.
            await items.recall(connection, item.id)
        await queue_next(connection, school, now)
        metrics.UPLOADS.labels(status).inc()
        log.info("upload.answered", upload=str(item.id), school=school, status=status, attempt=item.attempt)
        return True

    async def _keep_rejects(self, connection: AsyncConnection, item: WorkItem, answer: Received) -> None:
        reasons: dict[uuid.UUID, str] = {}
        for reject in answer.rejects:
            try:
                reasons[uuid.UUID(reject.item)] = reject.reason
            except ValueError:
                continue
        held = await uploads.reject(connection, item.id, reasons)
        if held < len(answer.rejects):
            log.warning("upload.rejects_unknown", upload=str(item.id), rejects=len(answer.rejects), held=held)
