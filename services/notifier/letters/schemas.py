"""A school's letter policy, letters that wait for a person, and e-mails to staff, as the API takes and answers them."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic import model_validator as validates_model

from services.notifier.letters import policy
from services.notifier.letters.repository.policies import Version
from services.notifier.staff_mail.repository.notices import Kind, Status
from shared.addresses import usable_address
from shared.attendance.tiers import THRESHOLDS, Threshold

LONGEST_HOLD: Final = timedelta(days=14)
LONGEST_AFTER_TERM: Final = timedelta(days=60)
MOST_A_DAY: Final = 100_000


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _only_text(value: object) -> object:
    if isinstance(value, (str, timedelta)):
        return value
    raise ValueError("an ISO 8601 duration, like PT1H or P2D")


def _between_zero_and(longest: timedelta) -> Callable[[timedelta], timedelta]:
    def check(value: timedelta) -> timedelta:
        if not timedelta(0) <= value <= longest:
            raise ValueError(f"from PT0S to P{longest.days}D")
        return value

    return check


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and len(value) == len("08:00") and value[2] == ":" and value.replace(":", "").isdecimal() and value.isascii():
        try:
            return time(int(value[:2]), int(value[3:]))
        except ValueError:
            pass
    raise ValueError("a time of day, like 08:00")


def _address(value: str) -> str:
    usable = usable_address(value)
    if usable is None:
        raise ValueError("not an e-mail address")
    return usable


Duration = Annotated[timedelta, BeforeValidator(_only_text)]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$", "examples": ["08:00"]}),
]
Address = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]


class Window(Body):
    """When letters may go, on the school's own clock. A letter that is due outside goes at the next opening, and is decided only then.

    `until` is no longer inside. Without hours it is the whole day; then letters of a school-days window go at midnight after a holiday.
    """

    days: Literal["any", "school-days"] = "any"
    opens: TimeOfDay | None = None
    until: TimeOfDay | None = None

    @validates_model(mode="after")
    def _in_order(self) -> Self:
        if (self.opens is None) != (self.until is None):
            raise ValueError("a window has both hours, or neither")
        if self.opens is not None and self.until is not None and self.opens >= self.until:
            raise ValueError("a window opens before it closes, on the same day")
        if self.days == "any" and self.opens is None:
            raise ValueError("a window names its days, its hours, or both; null for none")
        return self


class Digest(Body):
    """The students who changed tier since the last digest, each school day at `at` (school time); `when_empty`: also if nobody did."""

    to: Address
    at: TimeOfDay
    when_empty: bool = False


class Policy(Body):
    """A school's choices for its letters. A field that is left out has its default."""

    hold: Annotated[Duration, AfterValidator(_between_zero_and(LONGEST_HOLD))] | None = Field(
        default=None, description="How long a letter waits after its crossing; null for the service's own"
    )
    window: Window | None = Field(default=None, description="null: letters go on any day, at any hour")
    recipients: Literal["all", "first"] = Field(
        default="all", description="A letter to each address of those who are to be told, or to the first in the school's order only"
    )
    staff_copy: Address | None = Field(default=None, description="Who gets a copy of each letter that went out")
    digest: Digest | None = None
    thresholds: list[Threshold] = Field(default=list(THRESHOLDS), description="Which thresholds have a letter; none at all with []")
    daily_cap: Annotated[int, Field(ge=0, le=MOST_A_DAY)] | None = Field(
        default=None, description="Letters a day; those above wait for a person. null for the service's own, 0: each of them waits"
    )
    after_term: Annotated[Duration, AfterValidator(_between_zero_and(LONGEST_AFTER_TERM))] = Field(
        default=timedelta(0), description="How long after a term's last day letters about it may still go"
    )

    @validates_model(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.thresholds)) != len(self.thresholds):
            raise ValueError("a threshold is named once")
        return self

    def chosen(self) -> policy.Policy:
        """The policy that it stands for."""
        return policy.Policy(
            hold=self.hold,
            window=policy.Window(self.window.days, self.window.opens, self.window.until) if self.window is not None else None,
            recipients=self.recipients,
            staff_copy=self.staff_copy,
            digest=policy.Digest(self.digest.to, self.digest.at, self.digest.when_empty) if self.digest is not None else None,
            thresholds=tuple(sorted(self.thresholds)),
            daily_cap=self.daily_cap,
            after_term=self.after_term,
        )


class InForce(BaseModel):
    """The values in force for the fields that the policy leaves to the service."""

    hold: timedelta
    daily_cap: int


class PolicyVersion(Policy):
    """A policy as it was set. Version 0 is what holds before a school has said anything."""

    school: str
    version: int
    changed_at: datetime | None
    changed_by: str | None

    @classmethod
    def of(cls, school: str, version: Version, **more: Any) -> Self:
        """As it is kept."""
        kept = version.policy
        return cls(
            school=school,
            version=version.number,
            changed_at=version.changed_at,
            changed_by=version.changed_by,
            hold=kept.hold,
            window=Window(days=kept.window.days, opens=kept.window.opens, until=kept.window.until) if kept.window is not None else None,
            recipients=kept.recipients,
            staff_copy=kept.staff_copy,
            digest=Digest(to=kept.digest.to, at=kept.digest.at, when_empty=kept.digest.when_empty) if kept.digest is not None else None,
            thresholds=list(kept.thresholds),
            daily_cap=kept.daily_cap,
            after_term=kept.after_term,
            **more,
        )


class CurrentPolicy(PolicyVersion):
    """The policy of now, and what it comes to."""

    in_force: InForce


class PolicyVersions(BaseModel):
    """A page of versions, newest first."""

    items: list[PolicyVersion]
    next: str | None


class WaitingLetter(BaseModel):
    """A letter that waits for a person. `absent_half_days` is the student's total as last heard."""

    id: uuid.UUID
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold
    absent_half_days: int
    due_at: datetime
    awaiting_since: datetime


class WaitingCount(BaseModel):
    """How many wait that were due on one day of the school's, about one threshold."""

    day: date
    threshold: Threshold
    letters: int


class WaitingLetters(BaseModel):
    """A page of letters that wait, the longest waiting first; the counts are of all pages."""

    items: list[WaitingLetter]
    next: str | None
    total: int
    counts: list[WaitingCount]


class Chosen(Body):
    """All letters that wait now, or those that are named."""

    all: Literal[True] | None = None
    letters: Annotated[list[uuid.UUID], Field(min_length=1, max_length=5_000)] | None = None

    @validates_model(mode="after")
    def _one_of_both(self) -> Self:
        if (self.all is None) == (self.letters is None):
            raise ValueError('name the letters, or say {"all": true}')
        return self


class Discarding(Chosen):
    """Which letters are not to be sent, and why."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class Decided(BaseModel):
    """How many letters it was about, and how many wait still."""

    letters: int
    waiting: int


class Notice(BaseModel):
    """An e-mail to staff. `recipient` null: whoever is the school's contact when it goes."""

    id: uuid.UUID
    kind: Kind
    status: Status
    recipient: str | None
    letter_id: uuid.UUID | None
    reason: str | None
    created_at: datetime
    sent_at: datetime | None


class Notices(BaseModel):
    """A page of e-mails to staff, newest first."""

    items: list[Notice]
    next: str | None
