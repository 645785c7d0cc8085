"""A way to the Ministry: takes the bytes of an upload there and says what came back. One adapter a way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """An upload to send: the same key, bytes and digest (SHA-256) at every attempt.

    `delivered` says that an earlier attempt put it where the Ministry's end collects it, and that only the answer is missing.
    """

    key: str
    body: bytes
    digest: bytes
    school: str = ""
    week: str = ""
    number: int = 1
    delivered: bool = False
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that the Ministry did not take, by its id, and why.

    `code` is `already-accepted` or `not-accepted` when the reason is that the item's change does not fit what the Ministry has.
    """

    item: str
    reason: str
    code: str | None = None


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
    """Whether the upload arrived is not known, or it may arrive later: send it again. `after` is when the Ministry said to.

    `arrived` is False where it certainly has not arrived with this attempt. `delivered` says that from now on only the answer is missing.
    """

    code: str
    detail: str = ""
    after: timedelta | None = None
    arrived: Literal[False] | None = None
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """The upload lies ready, and a person carries it on; that person says when it has been sent."""

    detail: str


Answer = Received | Refused | Unsettled | Placed


class Adapter(Protocol):
    """One way to the Ministry."""

    async def send(self, parcel: Parcel) -> Answer:
        """Makes one attempt, within a bound. A failure on the way is an answer too: Unsettled."""
