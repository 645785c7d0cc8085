"""A lease from its holder's side: taken, renewed in time, proved in every write, and given up."""

import socket
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.leases import repository
from shared.telemetry import metrics

log = structlog.get_logger()

LENGTH: Final = timedelta(seconds=10)
"""How long after a leader's last renewal another process may take over: with the standby's own pause, within 15 seconds of a death."""

RENEWALS: Final = 3
"""Renewals within one length: two may be late before the lease is lost."""


class FenceLostError(Exception):
    """Another process has taken the lease meanwhile: nothing of this transaction may be kept."""


@dataclass
class Lease:
    """One named lease of a schema. Not for use by two tasks at once.

    `holder` says who asks: the same after a restart where nothing else can run under that name, so that a process that was killed need not
    wait for its own lease to end.
    """

    engine: AsyncEngine
    schema: str
    name: str
    holder: uuid.UUID = field(default_factory=uuid.uuid4)
    length: timedelta = LENGTH
    _fence: int | None = None
    _renewed: float = 0.0

    async def keep(self) -> bool:
        """Takes the lease or renews it, and answers whether we lead. Cheap to call often: it asks the database a few times in a length."""
        asked = time.monotonic()
        if self._fence is not None and asked - self._renewed < self.length.total_seconds() / RENEWALS:
            return True
        async with self.engine.begin() as connection:
            fence = await repository.acquire(connection, self.name, self.holder, socket.gethostname(), self.length)
        if fence is None:
            self.lose()
            return False
        if fence != self._fence:
            log.info("lease.taken", schema=self.schema, lease=self.name, fence=fence)
            metrics.LEASES.labels(self.schema, self.name).set(1)
        # From before the question: the database's own count began no earlier.
        self._fence, self._renewed = fence, asked
        return True

    def has_time_left(self) -> bool:
        """Whether our lease can't have ended yet, by this host's monotonic time; to be asked before what no transaction can take back."""
        return self._fence is not None and time.monotonic() - self._renewed < self.length.total_seconds()

    async def prove(self, connection: AsyncConnection) -> None:
        """Keeps others from taking the lease until the caller's transaction ends. Raises FenceLostError when one has."""
        if self._fence is None or not await repository.is_held(connection, self.name, self.holder, self._fence, self.length):
            self.lose()
            raise FenceLostError(f"{self.schema}.{self.name}")

    def lose(self) -> None:
        """Forgets that we led: the next `keep` asks anew."""
        if self._fence is not None:
            log.info("lease.lost", schema=self.schema, lease=self.name, fence=self._fence)
        self._fence = None
        metrics.LEASES.labels(self.schema, self.name).set(0)

    async def give_up(self) -> None:
        """Lets another process lead at once. A database that is away is not waited for: the lease ends by itself."""
        if self._fence is None:
            return
        try:
            async with self.engine.begin() as connection:
                await repository.release(connection, self.name, self.holder)
        except Exception as error:
            log.warning("lease.not_given_up", schema=self.schema, lease=self.name, error=type(error).__name__)
        self.lose()
