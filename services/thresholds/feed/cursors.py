"""Cursors of the feed: a place in its order, and what stood there, so that a cursor from before a restore is recognised.

A database that was put back to an hour ago gives the places of the lost hour to other events. A cursor that knew its place alone would
read nothing until the feed had grown past it, and would then leave out what was said meanwhile. See decision 7.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final, Self

from shared.web.problems import ProblemError

_FORM: Final = re.compile(r"([0-9]{1,18})(?:-([0-9a-f]{8}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """An event's place in the feed, with what tells it from another that may stand there: an event that is said anew has another time."""

    position: int
    event_id: str
    time: datetime

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits for the event."""
        return sha256(f"{self.event_id} {self.time.astimezone(UTC).isoformat()}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place up to which a reader has read. Cursors of release 0.1.0, and that of the beginning, have no mark."""

    position: int = 0
    mark: str | None = None

    @classmethod
    def of(cls, event: Event) -> Self:
        """The cursor behind an event."""
        return cls(event.position, event.mark)

    @classmethod
    def read(cls, text: str | None) -> Self:
        """The cursor of a request; without one, that of the beginning. Raises ProblemError 422 for one that we did not make."""
        if not text:
            return cls()
        form = _FORM.fullmatch(text)
        if form is None:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the answer before, unchanged")
        return cls(int(form[1]), form[2])

    def __str__(self) -> str:
        """As a reader passes it on."""
        return str(self.position) if self.mark is None else f"{self.position}-{self.mark}"


BEGINNING: Final = Cursor()


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed as it stands, beside a cursor: the event `at` its place, the `oldest` position that is kept, and the last that was `given`,
    be its event kept or not. `end` is the event at another place that was asked for."""

    at: Event | None
    oldest: int | None
    given: int
    end: Event | None = None

    def knows(self, cursor: Cursor) -> bool:
        """Whether the cursor is of this feed's history.

        Nobody can tell of a place that retention has emptied: such a cursor goes on with the oldest event kept.
        """
        if cursor.position == 0:
            return True
        if self.at is not None:
            return cursor.mark in {None, self.at.mark}
        return cursor.position <= self.given and (self.oldest is None or cursor.position < self.oldest)

    def has_all(self, first: Event, last: Event) -> bool:
        """Whether it has these two events, and so all between them: events are dropped from its beginning, and after a restore the last
        one is another."""
        return self.end == last and self.oldest is not None and self.oldest <= first.position


def another_history() -> ProblemError:
    """The answer for a cursor that is not of this feed's history."""
    detail = "the feed was restored to a time before this cursor: read again from `read_from`, and pass over the ids that you have"
    return ProblemError(HTTPStatus.GONE, "cursor-of-another-history", detail, extra={"read_from": str(BEGINNING)})
