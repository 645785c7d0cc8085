"""A school as far as uploads need it: where its clock stands, when its terms are, and when its weeks close. Pure."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from services.moe_sync.roster.unfit import UnfitEventError, checked_school
from services.moe_sync.roster.week import Closing
from shared.attendance.calendar import Term
from shared.events.data import SchoolUpdated, TermDates
from shared.events.school_years import merged
from shared.identifiers import is_term_name


class School(Struct, frozen=True):
    """A school; its term dates are in order and do not overlap. `closes` is when its windows close, None for when all others do."""

    school: str
    name: str
    timezone: str
    dates: list[TermDates]
    updated_at: datetime
    closes: str | None = None

    @property
    def closing(self) -> Closing | None:
        """`closes`, read."""
        return None if self.closes is None else Closing.parse(self.closes)

    @property
    def zone(self) -> ZoneInfo:
        """The school's clock."""
        return ZoneInfo(self.timezone)

    @property
    def terms(self) -> list[Term]:
        """Its terms, in order."""
        return [Term(dates.term, dates.start, dates.end) for dates in self.dates]


def beside(before: School | None, update: SchoolUpdated) -> School:
    """The school that an event speaks of, beside the terms that are over. Raises UnfitEventError like `school_from`."""
    school = school_from(update)
    if before is None:
        return school
    known = SchoolUpdated(
        school=before.school, name=before.name, terms=before.dates, timezone=before.timezone, updated_at=before.updated_at
    )
    return replace(school, dates=merged(known, update).terms)


def school_from(update: SchoolUpdated) -> School:
    """The school that an event speaks of. Raises UnfitEventError when no window could be reckoned for it."""
    dates = sorted(update.terms, key=lambda term: term.start)
    if not all(is_term_name(term.term) and term.start <= term.end for term in dates):
        raise UnfitEventError("a term has a name or dates that no term has")
    if any(later.start <= earlier.end for earlier, later in pairwise(dates)):
        raise UnfitEventError("two terms overlap")
    try:
        ZoneInfo(update.timezone)
    except (ValueError, KeyError, OSError) as error:
        raise UnfitEventError("there is no such time zone") from error
    return School(checked_school(update.school), update.name, update.timezone, dates, update.updated_at)
