"""By when a school wants to have answered a crossing: so many of its own school days after it. Pure.

The Ministry names no such day; the numbers are the school's, and the defaults ours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold

DEFAULT: Final[Mapping[Threshold, int | None]] = MappingProxyType({5: 5, 10: 5, 15: 3})
"""School days after the crossing, by threshold: a school week, and less where it is serious."""


@dataclass(frozen=True, slots=True)
class DueRule:
    """A school's rule: `after` so many of its `school_days`; None asks for no answer by any day.

    Days are counted from the one after the crossing. Where the term ends first, they go on in the next one that the school has sent;
    where there is none yet, there is no due day until it has.
    """

    school_days: tuple[date, ...]
    after: Mapping[Threshold, int | None]

    @classmethod
    def of(cls, calendar: SchoolCalendar, after: Mapping[Threshold, int | None]) -> "DueRule":
        """The rule in a school's calendar: all terms it has sent."""
        return cls(tuple(day for term in calendar.terms for day in calendar.school_days(term)), after)

    def due_on(self, threshold: Threshold | None, crossed_on: date) -> date | None:
        """The due day of a record of that threshold; None where there is none."""
        days = self._days(threshold)
        if days is None:
            return None
        at = bisect_right(self.school_days, crossed_on) + days - 1
        return self.school_days[at] if at < len(self.school_days) else None

    def crossed_before(self, threshold: Threshold, day: date) -> date | None:
        """The same rule from the other side: due before `day` is what was crossed before this answer; None: nothing is."""
        days = self._days(threshold)
        if days is None:
            return None
        at = bisect_left(self.school_days, day) - days
        return self.school_days[at] if at >= 0 else None

    def _days(self, threshold: Threshold | None) -> int | None:
        return None if threshold is None else self.after.get(threshold)
