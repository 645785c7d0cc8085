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

from msgspec import Struct, structs

from services.notifier.contacts.recipients import Paper, Recipient
from services.notifier.contacts.school_days import DAY, HORIZON, last_day_of_letters
from services.notifier.contacts.sending_window import Window, last_closing, next_opening
from services.notifier.letters.case import Past
from services.notifier.letters.family_news import GoodNewsChoice, StatementChoice, last_day_about, wants
from services.notifier.replies.choice import RepliesChoice
from services.notifier.staff_mail.choices import StaffChoices
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.clock import instant
from shared.events.data import LetterOccasion


class PaperChoice(Struct, frozen=True, omit_defaults=True):
    """The letters that go on paper: to caregivers whom nothing else reaches (`unreached`), and at these steps to every home besides."""

    unreached: bool = True
    steps: tuple[Threshold, ...] = ()


class Policy(StaffChoices, frozen=True, kw_only=True, omit_defaults=True):
    """A school's choices. `hold`, `window` and `daily_cap` None: the service's own.

    `after_term` is how long after a term's last day letters about it may still go. A `daily_cap` of 0 lets a person release every letter.
    `correct`: when days of a letter that went no longer count, a letter of correction is offered to staff, sent by itself, or neither.
    `together`: letters of one day to one family go in one e-mail. `replies`: letters carry a link by which families can answer; None for
    none. `good_news` and `statement`: letters that are about no threshold; None for none. `paper`: which letters are printed and posted;
    None for none.
    """

    hold: timedelta | None = None
    window: Window | None = None
    recipients: Literal["all", "first"] = "all"
    thresholds: tuple[Threshold, ...] = THRESHOLDS
    daily_cap: int | None = None
    after_term: timedelta = timedelta(0)
    correct: Literal["offer", "send", "never"] = "offer"
    together: bool = False
    replies: RepliesChoice | None = None
    good_news: GoodNewsChoice | None = None
    statement: StatementChoice | None = None
    paper: PaperChoice | None = None


BEFORE_CLOSING: Final = timedelta(minutes=5)
"""A letter that is due before a term's last window closes leaves this time to write it."""

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
    """A letter that is due: the threshold it would be about, the time of that crossing's event, whether staff kept it waiting, and the
    name of its term. Without a threshold it is for an `occasion`."""

    threshold: Threshold | None
    said_at: datetime | None
    kept_by_staff: bool
    term: str | None = None
    occasion: LetterOccasion | None = None


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

    `term` is the letter's term, if the school's calendar has it; a term of an earlier year that it does not have is over.
    """
    last = last_day(policy, term, due.term, due.occasion)
    if last is not None and calendar.today(now) > last:
        return Never("term-over")
    if due.occasion is not None and not wants(policy, due.occasion):
        return Never("not-chosen")
    if due.kept_by_staff and due.said_at is not None and now - due.said_at > tell_within:
        return Never("too-late")
    if due.occasion is None and due.threshold not in policy.thresholds:
        return Never("threshold-off")
    held = held_until(policy, holds, due.threshold, term, calendar, now)
    if held is not None:
        return OnHold(held)
    opening = next_opening(policy.window, calendar, now)
    if opening != now:
        # Without a school day in sight the calendar is asked again tomorrow: by then the term may be over.
        return NotNow(opening or now + DAY)
    return Now()


def in_time(
    decision: Decision,
    policy: Policy,
    term: Term | None,
    calendar: SchoolCalendar,
    now: datetime,
    occasion: LetterOccasion | None = None,
) -> Decision:
    """The decision, but for a letter that would wait for an opening of the window until its term is over: no school day opens it before,
    so any day does, and on the last evening the letter goes at once. A crossing in a term's last hours gets its letter."""
    last = last_day(policy, term, None, occasion)
    if not isinstance(decision, NotNow) or last is None:
        return decision
    opening = next_opening(policy.window, calendar, now)
    if opening is not None and calendar.today(opening) <= last:
        return decision
    opening = next_opening(structs.replace(policy.window or Window(), school_days_only=False), calendar, now)
    return Now() if opening is None or opening == now or calendar.today(opening) > last else NotNow(opening)


def may_have_left(policy: Policy, hold: timedelta, said_at: datetime | None, calendar: SchoolCalendar, restored_at: datetime) -> bool:
    """Whether a letter that waits may have gone to the family before the database was put back to a time when it waited.

    `said_at` is the time of its crossing's event, and `restored_at` when the restore was found; a letter that was not due before that, or
    for which no window was open, has not left. The policy names its window (`with_defaults`).
    """
    if said_at is None:
        return True
    due = said_at + (hold if policy.hold is None else policy.hold)
    if due > restored_at:
        return False
    opening = next_opening(policy.window, calendar, due)
    return opening is not None and opening <= restored_at


def due_at(
    policy: Policy,
    hold: timedelta,
    term: Term | None,
    calendar: SchoolCalendar,
    now: datetime,
    occasion: LetterOccasion | None = None,
) -> datetime:
    """The time at which a letter that begins to wait now is due, by a policy that names its window: after its waiting time, but while the
    window is still open for its term. A crossing in a term's last hours gets its letter."""
    wished = now + (hold if policy.hold is None else policy.hold)
    last = last_day(policy, term, None, occasion)
    if last is None or calendar.today(now) > last:
        return wished
    midnight = instant(last + DAY, time(0), ZoneInfo(calendar.timezone))
    closes = last_closing(policy.window, calendar, last, now) or midnight
    return max(now, min(wished, closes - BEFORE_CLOSING))


def last_day(policy: Policy, term: Term | None, name: str | None, occasion: LetterOccasion | None = None) -> date | None:
    """The last day of letters about a term, by the school's policy: of letters for an occasion, or of those about thresholds."""
    return last_day_about(occasion, policy.statement, term, last_day_of_letters(term, name, policy.after_term))


def held_until(
    policy: Policy, holds: Iterable[Hold], threshold: Threshold | None, term: Term | None, calendar: SchoolCalendar, now: datetime
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


def is_over(
    policy: Policy,
    term: Term | None,
    calendar: SchoolCalendar,
    now: datetime,
    name: str | None = None,
    occasion: LetterOccasion | None = None,
) -> bool:
    """Whether it is too late for letters about a term. One that the school's calendar does not know is over once its year is (`name`)."""
    last = last_day(policy, term, name, occasion)
    return last is not None and calendar.today(now) > last


def cap_of(policy: Policy, known_students: int, *, least: int, share: float) -> int:
    """How many letters may go at the school in one day before a person has to look."""
    return policy.daily_cap if policy.daily_cap is not None else max(least, int(known_students * share))


def chosen(policy: Policy, recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Those of the student's recipients who get the letter."""
    if policy.recipients == "all":
        return tuple(recipients)
    first = recipients[:1]
    return (*first, *(one for one in recipients[1:] if one.channel == "paper" and not set(one.names).isdisjoint(first[0].names)))


def on_paper(policy: Policy, threshold: Threshold | None) -> Paper:
    """The letters about a threshold that go on paper; None for those that are about none."""
    if policy.paper is None:
        return "no"
    if threshold in policy.paper.steps:
        return "everybody"
    return "unreached" if policy.paper.unreached else "no"


def _is_for(hold: Hold, threshold: Threshold | None) -> bool:
    return hold.threshold is None or hold.threshold == threshold
