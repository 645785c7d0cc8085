"""The meaning of an attempt's answer, and the next attempt: the schedule of the Standard Webhooks specification. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, Literal

from shared.worklist.tasks import Done, Failed, Retry

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Between one try and the next: ten tries within some three days, so that a receiver that is down over a weekend misses nothing."""

MOST_TRIES: Final = len(PAUSES) + 1
JITTER: Final = 0.2
"""The largest part that is added to a pause, so that what failed together does not come back together."""

LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
"""The longest pause that a receiver can ask for."""

LATER: Final = timedelta(minutes=5)
"""The pause where no receiver is at fault."""

DISABLED_AFTER: Final = timedelta(days=5)
"""The time of nothing but failures. Longer than any one webhook is tried, so more than one has failed for good by then."""

_HTTP: Final = "HTTP "

Stop = Literal["gone", "failing"]
"""Why a subscription was disabled: its receiver answered 410, or failed for too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request. `status` is None when there was no answer; `detail` says why, without a word of the receiver's own."""

    status: int | None
    detail: str
    retry_after: timedelta | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver has it: a status of 200 to 299, whatever else the answer holds."""
        return self.status is not None and 200 <= self.status < 300


def detail_of(status: int) -> str:
    """How an answer stands in the list of attempts."""
    return f"{_HTTP}{status}"


def status_of(detail: str | None) -> int | None:
    """The status that `detail_of` wrote down; None for a detail of another kind."""
    number = (detail or "").removeprefix(_HTTP)
    return int(number) if number != detail and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Delivered(Done):
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Missed(Retry):
    """The receiver has not got it. `answer` is None when it was not asked, its subscription being stopped."""

    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class GivenUp(Failed):
    """The receiver will not get it; a replay starts again. `answer` is None when it was not asked."""

    answer: Answer | None = None


def judge(answer: Answer, tries: int, spread: float) -> Delivered | Missed | GivenUp:
    """The outcome of a webhook's `tries`-th try (from 1). `spread`, from 0 to 1, is the share of the jitter."""
    if answer.taken:
        return Delivered(answer.detail)
    if answer.status == HTTPStatus.GONE:
        # The answer stops the whole subscription; this one is held with the others, and goes on with them should it be resumed.
        return Missed(answer.detail, LATER, answer=answer)
    if tries >= MOST_TRIES:
        return GivenUp(answer.detail, answer)
    pause = PAUSES[tries - 1] * (1 + JITTER * spread)
    if answer.retry_after is not None:
        pause = max(pause, answer.retry_after)
    return Missed(answer.detail, pause, answer=answer)


def stopped_by(answer: Answer, failing_since: datetime | None, now: datetime) -> Stop | None:
    """Why the whole subscription stops with this answer; None when it goes on. `failing_since` is the first failure since a success."""
    if answer.taken:
        return None
    if answer.status == HTTPStatus.GONE:
        return "gone"
    if failing_since is not None and now - failing_since >= DISABLED_AFTER:
        return "failing"
    return None
