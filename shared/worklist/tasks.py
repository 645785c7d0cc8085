"""The tasks of a worklist, and the outcomes of an attempt."""

import random
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.worklist.repository import WorkItem


@dataclass(frozen=True, slots=True)
class Done:
    """It is done. `detail` is kept with the attempt: no names or addresses."""

    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not work this time. `after` overrides the backoff, when the other side said when to come back.

    Without `counts` the item is not given up for it, however many attempts there were: it was not the item's fault.
    """

    detail: str
    after: timedelta | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """It will never work as it is; a person has to look."""

    detail: str


Outcome = Done | Retry | Failed


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling pauses with jitter, and the attempts after which a task is given up (None: never)."""

    first: timedelta
    longest: timedelta
    most_attempts: int | None

    def after(self, attempt: int) -> timedelta:
        """The pause after the `attempt`-th failure, between half and all of its nominal length."""
        doubled: timedelta = self.first * 2 ** min(attempt - 1, 20)
        nominal = min(doubled, self.longest)
        return nominal * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret


class Task(Protocol):
    """One kind of work."""

    @property
    def kind(self) -> str:
        """Its name on the worklist."""

    @property
    def backoff(self) -> Backoff:
        """When to try again."""

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt, after which another worker may take it."""

    async def perform(self, item: WorkItem) -> Outcome:
        """Does the work outside any transaction, within the lease. An error it raises counts as a Retry."""


@runtime_checkable
class KeepsResult(Protocol):
    """A task that has something of its own to keep when an attempt ends."""

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps the result, in the transaction that settles the item. A Retry given up arrives as Failed.

        `outcome` is otherwise what `perform` answered: a subclass can carry what there is to keep.
        """


@runtime_checkable
class Together(Protocol):
    """A task whose items of one claim are worked together: what one statement can do for all of them is done once."""

    def perform_all(self, items: Sequence[WorkItem]) -> AsyncIterator[tuple[WorkItem, Outcome]]:
        """Does the work of all items, outside any transaction, within the lease; yields each outcome when it is there.

        An error that it raises counts as a Retry of those that have no outcome yet.
        """


@runtime_checkable
class KeepsResults(Protocol):
    """A task that keeps the results of several attempts in one transaction; where one of them can't be kept, each has its own."""

    async def settle_all(self, connection: AsyncConnection, ended: Sequence[tuple[WorkItem, Outcome]]) -> None:
        """Keeps the results, in the transaction that settles the items, as `KeepsResult.settle` does for one."""


@runtime_checkable
class ChoosesItself(Protocol):
    """A task with rules of its own about which items go first, and how many of a sort go at once."""

    async def claim(self, connection: AsyncConnection, *, most: int, now: datetime, under_way: Collection[UUID]) -> Sequence[WorkItem]:
        """Claims up to `most` items that are due, but for those that the caller has under way. The caller commits."""

    async def next_due(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        """When the next item is due of those that could be claimed. The end of any attempt is looked at by itself."""
