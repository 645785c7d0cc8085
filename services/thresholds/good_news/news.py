"""Good news of one student's term. Pure.

It says what is marked: a day that nobody has marked is neither missed nor attended, and makes no good news.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from services.thresholds.register.kept_days import STATES, KeptDays, state_of
from shared.attendance.tiers import Threshold

NewsKind = Literal["full-term", "back-on-track"]

CLEAR_DAYS: Final = 10
"""School days in a row without absence after which a student is back on track, where nobody names another number: a fortnight."""

RECENT: Final = 3
"""School days back from today in which a student's last mark must lie: of an older one, nobody knows what came after it."""

_PRESENT: Final = STATES.index("present")
_EXCLUDED: Final = STATES.index("excluded")


@dataclass(frozen=True, slots=True)
class News:
    """A piece of good news. `first`: the place in the term of the day that it begins with; `days`: the school days attended since.

    `unmarked`: half days so far that nobody has marked, which a term without absence still waits for.
    """

    kind: NewsKind
    first: int
    days: int
    unmarked: int = 0


def full_term(kept: KeptDays, open_half_days: Mapping[int, int]) -> News | None:
    """No half day missed so far, of those that the school was open for the student (by place in the term, in order)."""
    attended = _attended(kept, open_half_days)
    if not attended or any(kept.missed):
        return None
    marked = sum(_count(kept, place, _PRESENT) + _count(kept, place, _EXCLUDED) for place in open_half_days)
    return News("full-term", next(iter(open_half_days)), len(attended), max(sum(open_half_days.values()) - marked, 0))


def back_on_track(kept: KeptDays, open_half_days: Mapping[int, int], crossed_at: int, clear_days: int) -> News | None:
    """At school for so many school days since the last absence, of a student who reached a threshold at the place `crossed_at`."""
    missed = [place for place, half_days in enumerate(kept.missed) if half_days]
    since = [place for place in _attended(kept, open_half_days) if place > max([crossed_at, *missed])]
    if len(since) < clear_days or since[-1] not in list(open_half_days)[-RECENT:]:
        return None
    return News("back-on-track", since[0], len(since))


def _attended(kept: KeptDays, open_half_days: Mapping[int, int]) -> list[int]:
    return [place for place in open_half_days if _count(kept, place, _PRESENT)]


def _count(kept: KeptDays, place: int, state: int) -> int:
    return sum(state_of(half) == state for half in kept.halves[2 * place : 2 * place + 2])


def sentence(name: str, news: News, first: date, term: str, *, is_over: bool, reached: Threshold | None) -> str:
    """The news in words; `term` as people say it, `reached` the highest threshold of a student who is back on track."""
    if news.kind == "full-term":
        whole = f"{name} has missed no half day {'of' if is_over else 'so far in'} {term}."
        if not news.unmarked:
            return whole
        return f"{whole} {news.unmarked} half {'day is' if news.unmarked == 1 else 'days are'} not marked."
    days = f"{news.days} school {'day' if news.days == 1 else 'days'}"
    return f"{name} has been at school for {days} since {first:%a} {first.day} {first:%b}, after reaching {reached} days."
