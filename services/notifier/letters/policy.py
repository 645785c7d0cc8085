"""A school's policy of letters: when they may go, about what, to whom, and how many a day. Pure: the clock is passed in.

Every choice has a default: letters of a school that has chosen nothing go in the hours of the service's own window, to every address,
about each threshold. The policy is kept as its structs encode themselves; a choice that a document does not name has its default, also a
choice that came later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import structs

from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.school_days import DAY, HORIZON
from services.notifier.contacts.sending_window import Window, next_opening
from services.notifier.letters.case import Past
from services.notifier.staff_mail.choices import StaffChoices
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.clock import instant


class Policy(StaffChoices, frozen=True, kw_only=True, omit_defaults=True):
    """A school's choices. `hold`, `window` and `daily_cap` None: the service's own.

    `after_term` is how long after a term's last day letters about it may still go. A `daily_cap` of 0 lets a person release every letter.
    `correct`: when days of a letter that went no longer count, a letter of correction is offered to staff, sent by itself, or neither.
    """

    hold: timedelta | None = None
    window: Window | None = None
    recipients: Literal["all", "first"] = "all"
    thresholds: tuple[Threshold, ...] = THRESHOLDS
    daily_cap: int | None = None
    after_term: timedelta = timedelta(0)
    correct: Literal["offer", "send", "never"] = "offer"


SCHOOL_HOURS: Final = Window(True, time(8), time(18))


@dataclass(frozen=True, slots=True)
class PolicyDefaults:
    """The service's settings, for choices that a school's policy leaves open."""

    hold: timedelta = timedelta(hours=1)
    tell_within: timedelta = timedelta(days=14)
    cap_least: int = 200
    cap_share: float = 0.5
    window: Window = SCHOOL_HOURS


@dataclass(frozen=True, slots=True)
class Hold:
    """Staff hold a student's letters: of one threshold in a term or, for None, of every one, up to and with the day `until`."""

    threshold: Threshold | None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter that is due: the threshold it would be about, the time of that crossing's event, and whether staff kept it waiting."""

    threshold: Threshold
    said_at: datetime | None
    kept_by_staff: bool


@dataclass(frozen=True, slots=True)
class Never:
    """The letter is not written, now or later."""

    reason: Past


@dataclass(frozen=True, slots=True)
class OnHold:
    """Staff hold the letter, at most until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NotNow:
    """The letter goes when the window opens."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Now:
    """The letter may go."""


Decision = Never | OnHold | NotNow | Now


def with_defaults(policy: Policy, defaults: PolicyDefaults) -> Policy:
    """The policy with the service's own window where it names none."""
    return policy if policy.window is not None else structs.replace(policy, window=defaults.window)


def decide(
    policy: Policy,
    due: DueLetter,
    term: Term | None,
    holds: Iterable[Hold],
    calendar: SchoolCalendar,
    tell_within: timedelta,
    now: datetime,
) -> Decision:
    """The decision on a letter that is due, by a policy that names its window (`with_defaults`).

    `term` is the letter's term, if the school's calendar has it.
    """
    if is_over(policy, term, calendar, now):
        return Never("term-over")
    if due.kept_by_staff and due.said_at is not None and now - due.said_at > tell_within:
        return Never("too-late")
    if due.threshold not in policy.thresholds:
        return Never("threshold-off")
    held = held_until(policy, holds, due.threshold, term, calendar, now)
    if held is not None:
        return OnHold(held)
    opening = next_opening(policy.window, calendar, now)
    if opening != now:
        # Without a school day in sight the calendar is asked again tomorrow: by then the term may be over.
        return NotNow(opening or now + DAY)
    return Now()


def held_until(
    policy: Policy, holds: Iterable[Hold], threshold: Threshold, term: Term | None, calendar: SchoolCalendar, now: datetime
) -> datetime | None:
    """Until when a letter about this threshold is held, in UTC; None when it is not held, or not any more.

    A hold without an end lasts as long as letters about its term may go. Where the school's calendar does not know that term, it is
    looked at again in a year.
    """
    zone = ZoneInfo(calendar.timezone)
    last_days = [
        hold.until or (term.end + policy.after_term if term is not None else calendar.today(now) + HORIZON)
        for hold in holds
        if _is_for(hold, threshold)
    ]
    ends = [instant(day + DAY, time(0), zone) for day in last_days]
    return max((end for end in ends if end > now), default=None)


def is_over(policy: Policy, term: Term | None, calendar: SchoolCalendar, now: datetime) -> bool:
    """Whether it is too late for letters about a term. One that the school's calendar does not know is not over."""
    return term is not None and calendar.today(now) > term.end + policy.after_term


def cap_of(policy: Policy, known_students: int, *, least: int, share: float) -> int:
    """How many letters may go at the school in one day before a person has to look."""
    return policy.daily_cap if policy.daily_cap is not None else max(least, int(known_students * share))


def chosen(policy: Policy, recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Those of the student's recipients who get the letter."""
    return tuple(recipients[:1] if policy.recipients == "first" else recipients)


def _is_for(hold: Hold, threshold: Threshold) -> bool:
    return hold.threshold is None or hold.threshold == threshold
