"""A school's policy of letters: when they may go, about what, to whom, and how many a day. Pure: the clock is passed in.

Every choice has a default: a school that has chosen nothing gets its letters at once, to every address, about each threshold. The policy
is kept as its structs encode themselves; a choice that a document does not name has its default, also a choice that came later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.school_days import DAY, HORIZON, is_school_day
from services.notifier.letters.case import Past
from services.notifier.staff_mail.choices import StaffChoices
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.clock import instant


class Window(Struct, frozen=True, omit_defaults=True):
    """The days and hours in which letters may go, on the school's own clock; `until` is no longer inside. Both hours None: all day."""

    school_days_only: bool = False
    opens: time | None = None
    until: time | None = None

    @property
    def days(self) -> Literal["any", "school-days"]:
        """The days, as the API names them."""
        return "school-days" if self.school_days_only else "any"


class Policy(StaffChoices, frozen=True, kw_only=True, omit_defaults=True):
    """A school's choices. `hold` and `daily_cap` None: the service's own.

    `after_term` is how long after a term's last day letters about it may still go. A `daily_cap` of 0 lets a person release every letter.
    """

    hold: timedelta | None = None
    window: Window | None = None
    recipients: Literal["all", "first"] = "all"
    thresholds: tuple[Threshold, ...] = THRESHOLDS
    daily_cap: int | None = None
    after_term: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class PolicyDefaults:
    """The service's settings, for choices that a school's policy leaves open."""

    hold: timedelta = timedelta(hours=1)
    tell_within: timedelta = timedelta(days=14)
    cap_least: int = 200
    cap_share: float = 0.5


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


def decide(
    policy: Policy,
    due: DueLetter,
    term: Term | None,
    holds: Iterable[Hold],
    calendar: SchoolCalendar,
    tell_within: timedelta,
    now: datetime,
) -> Decision:
    """The decision on a letter that is due. `term` is the letter's term, if the school's calendar has it."""
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


def next_opening(window: Window | None, calendar: SchoolCalendar, now: datetime) -> datetime | None:
    """The first moment from `now` on at which letters may go, in UTC: `now` itself inside the window.

    None when the school's calendar knows of no day on which it opens.
    """
    if window is None or _is_open(window, calendar, now):
        return now
    zone = ZoneInfo(calendar.timezone)
    day = now.astimezone(zone).date()
    for ahead in range(HORIZON.days + 1):
        # Where the clocks jump over the hour, or it is past for today, the next day's counts.
        opening = instant(day + ahead * DAY, window.opens or time(0), zone)
        if opening > now and _is_open(window, calendar, opening):
            return opening
    return None


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


def _is_open(window: Window, calendar: SchoolCalendar, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(calendar.timezone))
    if window.school_days_only and not is_school_day(calendar, local.date()):
        return False
    if window.opens is None or window.until is None:
        return True
    return window.opens <= local.time() < window.until


def _is_for(hold: Hold, threshold: Threshold) -> bool:
    return hold.threshold is None or hold.threshold == threshold
