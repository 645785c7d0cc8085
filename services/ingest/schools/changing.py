"""A school as it would be, judged before it is stored."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from services.ingest.changes.asking import Asking
from services.ingest.changes.effect import Effect, Judgement, dangers_of
from services.ingest.schools.schemas import School
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.calendar_changes import running_term_dropped, starts_moved

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""In place of the time at which a proposed school is stored."""


async def judged(
    before: School | None, after: School, sent: Sequence[Term], *, marked: bool, based_on: datetime, roll: int, asking: Asking
) -> Judgement:
    """The change with its effect. `sent` are the terms as they were sent, without those that are kept (`School.beside`). The first calendar
    of a school, and changes before any mark, move nothing.

    Raises ProblemError 503 when the effect could not be found out.
    """
    calendar = after.event(NEVER)
    change = msgspec.json.encode(calendar)
    if before is None or not marked:
        return Judgement(change, Effect())
    old, new = before.calendar(), after.calendar()
    today = new.today(asking.clock())
    dangers = dangers_to_the_term(old.terms, sent, today)
    if not dangers and _alike_up_to(today, old, new):
        return Judgement(change, Effect())
    effect = await asking.effect(after.school, based_on, calendar=calendar)
    return Judgement(change, effect, [*dangers, *dangers_of(effect, roll)])


def dangers_to_the_term(before: Sequence[Term], after: Sequence[Term], today: date) -> list[str]:
    """Changes to the term that is running which a person should see, whatever they move: it ends today, or starts on another day."""
    dropped = running_term_dropped(before, after, today)
    if dropped is not None:
        return [_ended(dropped, after, today)]
    return [_moved(term, after) for term in starts_moved(before, after, today)]


def _ended(term: Term, after: Sequence[Term], today: date) -> str:
    sent = next((other for other in after if other.name == term.name), None)
    if sent is not None and sent.start > today:
        return f"the running term {term.name} would not begin before {sent.start}"
    if sent is not None and term.start <= sent.end:
        return f"the running term {term.name} would have ended on {sent.end}"
    return f"the running term {term.name} would end today"


def _moved(term: Term, after: Sequence[Term]) -> str:
    if any(other.name == term.name for other in after):
        return f"the running term {term.name} would start on another day"
    other = next(other for other in after if other.start <= term.end and term.start <= other.end)
    return f"the running term {term.name} would become {other.name}, and its records and letters would not go along"


def _alike_up_to(today: date, old: SchoolCalendar, new: SchoolCalendar) -> bool:
    """Whether the calendars count alike all that can have been marked. Days to come have no marks."""
    if old.timezone != new.timezone or any(_choices(old, term) != _choices(new, term) for term in new.terms if term.start <= today):
        return False
    first = min(term.start for term in (*old.terms, *new.terms))
    days = (first + timedelta(days=number) for number in range((today - first).days + 1))
    return all(_term(old, day) == _term(new, day) and old.opening(day) == new.opening(day) for day in days)


def _choices(calendar: SchoolCalendar, term: Term) -> tuple[bool, bool]:
    choices = calendar.choices_in(term)
    return choices.blanks_are_truant, choices.carried_absences_count


def _term(calendar: SchoolCalendar, day: date) -> str | None:
    term = calendar.term_on(day)
    return term.name if term else None
