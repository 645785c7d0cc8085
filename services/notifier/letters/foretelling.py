"""The difference that another policy would make to the letters that wait now. Pure: the clock is passed in.

Letters that wait for a person, or for an address, go on waiting whatever the policy says, so they are not among these.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.notifier.letters.case import Case, said_of
from services.notifier.letters.policy import Decision, DueLetter, Hold, Never, Now, Policy, decide, in_time
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold


@dataclass(frozen=True, slots=True)
class LetterInWait:
    """A case whose letter waits for its time, and the holds of its term."""

    case: Case
    holds: Sequence[Hold]


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """How many letters wait for their time, and how many of them would go sooner, later or never; `kept_back`: how many more than now
    would be above a day's cap, and wait for a person."""

    waiting: int
    sooner: int
    later: int
    never: int
    kept_back: int


def effect_of(
    letters: Iterable[LetterInWait],
    before: tuple[Policy, int],
    after: tuple[Policy, int],
    calendar: SchoolCalendar,
    tell_within: timedelta,
    now: datetime,
) -> PolicyEffect:
    """The difference between two policies, each with its cap, and each naming its window (`with_defaults`)."""
    waiting = list(letters)
    was, becomes = ([goes_at(one, policy, calendar, tell_within, now) for one in waiting] for policy in (before[0], after[0]))
    both = [(old, new) for old, new in zip(was, becomes, strict=True) if old is not None and new is not None]
    return PolicyEffect(
        waiting=len(waiting),
        sooner=sum(new < old for old, new in both) + sum(old is None and new is not None for old, new in zip(was, becomes, strict=True)),
        later=sum(new > old for old, new in both),
        never=sum(old is not None and new is None for old, new in zip(was, becomes, strict=True)),
        kept_back=max(0, _above(becomes, after[1], calendar) - _above(was, before[1], calendar)),
    )


def goes_at(letter: LetterInWait, policy: Policy, calendar: SchoolCalendar, tell_within: timedelta, now: datetime) -> datetime | None:
    """The time at which the letter would be written, as far as it is known now; None for never."""
    waiting, threshold = letter.case.waiting, letter.case.wanted()
    if waiting is None or threshold is None:
        return None
    at = max(now, waiting.due_at)
    kept_by_staff = waiting.released or waiting.state == "on-hold"
    match decision := decision_at(letter, threshold, policy, calendar, tell_within, at, kept_by_staff=kept_by_staff):
        case Never():
            return None
        case Now():
            return at
        case _:
            return decision.until


def decision_at(
    letter: LetterInWait,
    threshold: Threshold,
    policy: Policy,
    calendar: SchoolCalendar,
    tell_within: timedelta,
    at: datetime,
    *,
    kept_by_staff: bool,
) -> Decision:
    """The decision on the letter about a threshold, were it due at that moment."""
    case = letter.case
    due = DueLetter(threshold, said_of(case, threshold), kept_by_staff, case.term)
    term = calendar.term_named(case.term)
    return in_time(decide(policy, due, term, letter.holds, calendar, tell_within, at), policy, term, calendar, at)


def _above(times: Iterable[datetime | None], cap: int, calendar: SchoolCalendar) -> int:
    """How many letters are above the cap of their day."""
    days = Counter[date](calendar.today(time) for time in times if time is not None)
    return sum(max(0, letters - cap) for letters in days.values())
