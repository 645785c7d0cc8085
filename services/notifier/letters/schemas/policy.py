"""A school's letter policy, as the API takes and answers it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from services.notifier.contacts.sending_window import LAST_MINUTE, Window
from services.notifier.letters.family_news import GoodNewsChoice, StatementChoice
from services.notifier.letters.policy import PaperChoice, Policy
from services.notifier.letters.repository.policies import PolicyVersion
from services.notifier.replies.choice import MOST_HOLD_DAYS, MOST_VALID_DAYS, RepliesChoice
from services.notifier.staff_mail.choices import DigestChoice
from shared.addresses import usable_address
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.web.schemas import Body, TimeOfDay

LONGEST_HOLD: Final = timedelta(days=14)
LONGEST_AFTER_TERM: Final = timedelta(days=60)
MOST_A_DAY: Final = 100_000
MOST_CLEAR_DAYS: Final = 60


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


def _address(value: str) -> str:
    usable = usable_address(value)
    if usable is None:
        raise ValueError("not an e-mail address")
    return usable


Duration = Annotated[timedelta, BeforeValidator(_only_text)]
Address = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]


class WindowIn(Body):
    """When letters may go, on the school's own clock. A letter that is due outside goes at the next opening, and is decided only then.

    `until` is no longer inside, but for 23:59, which is the end of the day. Without hours it is the whole day; then letters of a
    school-days window go at midnight after a holiday.
    """

    days: Literal["any", "school-days"] = "any"
    opens: TimeOfDay | None = None
    until: TimeOfDay | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.opens is None) != (self.until is None):
            raise ValueError("a window has both hours, or neither")
        if self.opens is not None and self.until is not None and self.opens >= self.until:
            raise ValueError("a window opens before it closes, on the same day")
        if self.days == "any" and self.opens is None:
            raise ValueError("a window names its days, its hours, or both; for any hour, opens 00:00 and until 23:59")
        return self


def shown_window(window: Window) -> WindowIn:
    """A window as the API shows it; any hour has its hours, as it has to be asked for."""
    if not window.school_days_only and window.opens is None:
        return WindowIn(days="any", opens=time(0), until=LAST_MINUTE)
    return WindowIn(days=window.days, opens=window.opens, until=window.until)


class DigestIn(Body):
    """The students who changed tier since the last one, each school day at `at` on the school's own clock. With `when_empty` also if nobody
    did."""

    to: Address
    at: TimeOfDay
    when_empty: bool = False


class RepliesIn(Body):
    """Letters carry a link by which a family can answer, without an account."""

    valid_days: Annotated[int, Field(ge=1, le=MOST_VALID_DAYS, description="Days for which a link holds")] = 14
    hold_days: Annotated[
        int, Field(ge=0, le=MOST_HOLD_DAYS, description="Days for which a reply holds the student's next letter; 0: not at all")
    ] = 0


class GoodNewsIn(Body):
    """Letters with good news: each goes to the family once."""

    back_on_track: Annotated[int, Field(ge=1, le=MOST_CLEAR_DAYS)] | None = Field(
        default=None, description="School days without absence after which a family that had reached a threshold is told; null for never"
    )
    full_term: bool = Field(default=False, description="Whether a term without absence is told, three days after its end")


class StatementIn(Body):
    """A statement to every family of how their child stands: own days and dates, never before the third week of a term."""

    every: Literal["fortnight", "term"] = "fortnight"
    compare: bool = Field(default=False, description="Whether the average of the school's students stands beside the child's own number")


class PaperIn(Body):
    """Letters that are printed and posted by the school."""

    unreached: bool = Field(default=True, description="To caregivers with a postal address whom neither e-mail nor text reaches")
    steps: list[Threshold] = Field(
        default=[], description="Steps at which a letter goes to every home, beside any e-mail", examples=[[10, 15]]
    )


class PolicyIn(Body):
    """A school's choices for its letters. A field that is left out has its default."""

    hold: Annotated[Duration, AfterValidator(_between_zero_and(LONGEST_HOLD))] | None = Field(
        default=None, description="How long a letter waits after its crossing; null for the service's own"
    )
    window: WindowIn | None = Field(
        default=None,
        description="null for the service's own; for any hour: days any, opens 00:00, until 23:59",
    )
    recipients: Literal["all", "first"] = Field(
        default="all", description="A letter to each address of the caregivers who want letters, or to the first in the school's order only"
    )
    staff_copy: Address | None = Field(default=None, description="The address that gets a copy of each letter that went out")
    digest: DigestIn | None = None
    thresholds: list[Threshold] = Field(default=list(THRESHOLDS), description="Which thresholds have a letter; none at all with []")
    daily_cap: Annotated[int, Field(ge=0, le=MOST_A_DAY)] | None = Field(
        default=None, description="Letters a day; those above wait for a person. null for the service's own, 0: each of them waits"
    )
    after_term: Annotated[Duration, AfterValidator(_between_zero_and(LONGEST_AFTER_TERM))] = Field(
        default=timedelta(0), description="How long after a term's last day letters about it may still go"
    )

    correct: Literal["offer", "send", "never"] = Field(
        default="offer",
        description="A letter of correction, when days of a letter that went no longer count: staff may send it, it goes, or none",
    )
    together: bool = Field(
        default=False, description="Whether letters of one day about children of one family go in one e-mail, each in its own section"
    )
    replies: RepliesIn | None = Field(default=None, description="Whether letters carry a link for the family's answer; null for none")

    good_news: GoodNewsIn | None = Field(default=None, description="Letters with good news; null for none")
    statement: StatementIn | None = Field(default=None, description="Regular statements to every family; null for none")
    paper: PaperIn | None = Field(default=None, description="Which letters go on paper; null for none")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        steps = self.paper.steps if self.paper is not None else []
        if len(set(self.thresholds)) != len(self.thresholds) or len(set(steps)) != len(steps):
            raise ValueError("a threshold is named once")
        return self

    def policy(self) -> Policy:
        """The policy that these choices make."""
        window, digest, replies, paper = self.window, self.digest, self.replies, self.paper
        news, statement = self.good_news, self.statement
        return Policy(
            hold=self.hold,
            window=Window(window.days == "school-days", window.opens, window.until) if window is not None else None,
            recipients=self.recipients,
            staff_copy=self.staff_copy,
            digest=DigestChoice(digest.to, digest.at, digest.when_empty) if digest is not None else None,
            thresholds=tuple(sorted(self.thresholds)),
            daily_cap=self.daily_cap,
            after_term=self.after_term,
            correct=self.correct,
            together=self.together,
            replies=RepliesChoice(replies.valid_days, replies.hold_days) if replies is not None else None,
            good_news=GoodNewsChoice(news.back_on_track, news.full_term) if news is not None else None,
            statement=StatementChoice(statement.every, statement.compare) if statement is not None else None,
            paper=PaperChoice(paper.unreached, tuple(sorted(paper.steps))) if paper is not None else None,
        )


class InForce(BaseModel):
    """The values in force for the fields that the policy leaves to the service."""

    hold: timedelta
    window: WindowIn
    daily_cap: int


class PolicyVersionOut(PolicyIn):
    """A policy as it was set. Version 0 is the default policy of a school that has set none."""

    school: str
    version: int
    changed_at: datetime | None
    changed_by: str | None

    @classmethod
    def of(cls, school: str, version: PolicyVersion, **more: Any) -> Self:
        """A version as the API shows it."""
        choices = {name: getattr(version.policy, name) for name in PolicyIn.model_fields}
        fields = {"school": school, "version": version.number, "changed_at": version.changed_at, "changed_by": version.changed_by}
        return cls.model_validate(choices | fields | more, from_attributes=True)


class CurrentPolicy(PolicyVersionOut):
    """The policy of now, and what it comes to."""

    in_force: InForce


class PolicyEffectOut(BaseModel):
    """The effect of another policy on letters that wait for their time."""

    waiting: int = Field(description="Letters that wait for their time now")
    sooner: int
    later: int
    never: int = Field(description="Letters that would not be written any more")
    kept_back: int = Field(description="Letters above a day's cap that would wait for a person, more than by the policy in force")


class PolicyForetold(BaseModel):
    """The effect of a policy that is not saved yet."""

    effect: PolicyEffectOut
