"""A way to the Ministry: takes the bytes of an upload there and says what came back. One adapter a way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """An upload to send: the same key, bytes and digest (SHA-256) at every attempt."""

    key: str
    body: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that the Ministry did not take, by its id, and why."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """The Ministry has the upload."""

    receipt: str
    status: Literal["accepted", "partly-accepted"]
    rejects: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The Ministry will never take the upload as it is.

    `code` is short and may be logged; `detail` is the Ministry's own words, bounded, which could quote what was sent.
    """

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Whether the upload arrived is not known, or it may arrive later: send it again. `after` is when the Ministry said to."""

    code: str
    detail: str = ""
    after: timedelta | None = None


Answer = Received | Refused | Unsettled


class Adapter(Protocol):
    """One way to the Ministry."""

    async def send(self, parcel: Parcel) -> Answer:
        """Makes one attempt, within a bound. What goes wrong on the way is an answer too, Unsettled."""
