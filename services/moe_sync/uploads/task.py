"""The work of sending an upload until the Ministry has answered it for good."""

import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.adapters.interface import Adapter, Answer, Parcel, Placed, Received, Refused, Unsettled
from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.roster.repository import preferences, schools
from services.moe_sync.uploads.answering import keep_answer
from services.moe_sync.uploads.building import seal
from services.moe_sync.uploads.circuit import AWAY, TOO_MANY, Circuit
from services.moe_sync.uploads.document import CONTENT_TYPE
from services.moe_sync.uploads.repository import sending, uploads
from services.moe_sync.uploads.repository.uploads import UPLOAD
from shared.clock import Clock, utc_now
from shared.places import Places
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import Claimant, WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(first=timedelta(seconds=30), longest=timedelta(hours=1), most_attempts=None)
"""An outage of minutes costs no more than minutes, one of days is met within the hour; nothing is given up."""

LEASE_MARGIN: Final = timedelta(minutes=1)
"""By how much a lease is longer than an attempt on the wire: room for two short transactions."""

SPREAD: Final = timedelta(seconds=10)
"""Over so much time uploads are spread that waited for the end of an outage: they don't come back all at once."""

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
class _Waits(Retry):
    """No attempt was made: there is an outage."""


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
    places: Places = field(default_factory=lambda: Places(4))
    monotonic: Callable[[], float] = time.monotonic
    circuits: dict[AdapterName, Circuit] = field(default_factory=dict)

    async def claim(self, connection: AsyncConnection, *, most: int, now: datetime, under_way: Collection[uuid.UUID]) -> Sequence[WorkItem]:
        """Claims as many uploads as the Ministry's end bears side by side; in an outage one, when it is time to ask."""
        room = min(most, self.places.limit - self.places.taken)
        if self._away:
            may_ask = any(self.monotonic() >= circuit.ask_at for circuit in self._open)
            room = 1 if may_ask and not under_way else 0
        if room <= 0:
            return []
        claimant = Claimant(self.kind, self.lease)
        return await worklist.claim(connection, [claimant], most=room, now=now, under_way=under_way)

    async def next_due(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        """When the next upload is due; in an outage not before it is time to ask. None while there is no room for it."""
        if self.places.taken >= (1 if self._away else self.places.limit):
            # The end of an attempt makes room, and is looked at by itself.
            return None
        due = await worklist.next_due(connection, [self.kind])
        if due is None or not self._away:
            return due
        ask_at = min(circuit.ask_at for circuit in self._open)
        return max(due, now + timedelta(seconds=max(ask_at - self.monotonic(), 0)))

    @property
    def _open(self) -> list[Circuit]:
        return [circuit for circuit in self.circuits.values() if circuit.is_open]

    @property
    def _away(self) -> bool:
        """Whether there is an outage on every way that has been tried."""
        return bool(self.circuits) and len(self._open) == len(self.circuits)

    async def perform(self, item: WorkItem) -> Outcome:
        """Makes one attempt, outside any transaction."""
        await self.places.acquire()
        try:
            return await self._attempt(item)
        finally:
            self.places.release()

    async def _attempt(self, item: WorkItem) -> Outcome:
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
            circuit = self.circuits.setdefault(name, Circuit()) if name != "folder" else None
            if circuit is not None and not circuit.may_go(self.monotonic()):
                return _Waits(sending.WAITS, timedelta(seconds=max(circuit.ask_at - self.monotonic(), 0)), counts=False)
            upload = await seal(connection, item.id, upload)
            if name != "folder":
                await sending.start(connection, item.id, name, lost=item.lost > 0)
        parcel = Parcel(str(item.id), upload.body, upload.digest, upload.school, upload.week, upload.number, upload.delivered, CONTENT_TYPE)
        answer = await adapter.send(parcel)
        if circuit is not None:
            await self._note(circuit, answer)
        match answer:
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

    async def _note(self, circuit: Circuit, answer: Answer) -> None:
        """Notes what the answer says of the Ministry's end. Uploads that waited for an outage's end are due now, spread over a while."""
        code = answer.code if isinstance(answer, Unsettled) else ""
        if code in AWAY:
            asked = answer.after.total_seconds() if isinstance(answer, Unsettled) and answer.after is not None else 0.0
            circuit.found_nobody(self.monotonic(), after=asked)
            if circuit.is_open:
                log.warning("upload.ministry_away", code=code, attempts=circuit.failures)
            self.places.shrink(self.places.limit // 2)
            return
        if code == TOO_MANY:
            self.places.shrink(self.places.limit // 2)
        else:
            self.places.carried()
        if circuit.answered():
            now = self.clock()
            async with self.engine.begin() as connection:
                spread = await sending.hurry(connection, sorted(AWAY), now, SPREAD)
            log.info("upload.ministry_back", uploads=spread)

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
            case _Waits():
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
