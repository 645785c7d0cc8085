"""The work after a school's new calendar: rows folded again, and the end of the next school day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.recalculation import day_ends
from services.thresholds.recalculation.task import request_recalculation
from services.thresholds.recalculation.told_already import AFTER_THE_HOLD, hold
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from shared.attendance.calendar import SchoolCalendar, Term, TermChoices
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.outbox import repository as outbox

REASON: Final = "The family has been written to about this threshold under another name of the term."


async def follow(connection: AsyncConnection, before: SchoolUpdated | None, after: SchoolUpdated, now: datetime) -> None:
    """Asks for the work in the transaction that keeps the school; `before` is None for a school that is new here."""
    calendar = calendar_of(after)
    if before is not None and (terms := terms_to_fold_again(calendar_of(before), calendar)):
        held = await _hold_what_was_told(connection, calendar_of(before), calendar, after.school, now)
        due = now + AFTER_THE_HOLD if held else now
        await request_recalculation(connection, after.school, terms, cause="calendar", version=after.updated_at, now=now, due=due)
    if after.blanks_are_truant:
        await day_ends.schedule(connection, after.school, calendar, now)


def terms_to_fold_again(old: SchoolCalendar, new: SchoolCalendar) -> list[str]:
    """The terms whose totals a new calendar can change, and those whose marks another term takes over."""
    changed = [term.name for term in new.terms if old.term_named(term.name) != term or not _counts_alike(term, old, new)]
    return changed + [name for name in taken_over(old, new) if name not in changed]


def taken_over(old: SchoolCalendar, new: SchoolCalendar) -> dict[str, list[str]]:
    """The terms on whose days the new calendar has terms of other names, and none of theirs: each with the names of those. A name may be
    gone, or stand for other days."""
    taken = {
        term.name: [other.name for other in new.terms if _overlap(term, other)]
        for term in old.terms
        if (now := new.term_named(term.name)) is None or not _overlap(term, now)
    }
    return {name: others for name, others in taken.items() if others}


def told_of(stored: Mapping[RowKey, Row], taken: Mapping[str, Sequence[str]]) -> dict[RowKey, int]:
    """How many thresholds the family was told of in a row of a term that is taken over, by the rows that may get its marks."""
    told: dict[RowKey, int] = {}
    for key, row in stored.items():
        for name in taken.get(key.term, ()) if row.level else ():
            into = key._replace(term=name)
            told[into] = max(told.get(into, 0), row.level)
    return told


async def _hold_what_was_told(connection: AsyncConnection, old: SchoolCalendar, new: SchoolCalendar, school: str, now: datetime) -> bool:
    """Holds letters about thresholds that were passed under the term's earlier name; answers whether there are any.

    A name that stands for other days now has its crossings taken back, with the letters that wait for them: there the notifier knows which
    families have had one.
    """
    taken = {name: others for name, others in taken_over(old, new).items() if new.term_named(name) is None}
    told = told_of(await rows.of_terms(connection, school, list(taken)), taken) if taken else {}
    there = await rows.load(connection, told) if told else {}
    events = [
        await hold(connection, key, level, REASON, now)
        for key, reached in sorted(told.items())
        for level in range(there[key].level if key in there else 0, reached)
    ]
    await outbox.add(connection, [event for event in events if event is not None])
    return bool(told)


def _overlap(one: Term, other: Term) -> bool:
    return one.start <= other.end and other.start <= one.end


def _counts_alike(term: Term, old: SchoolCalendar, new: SchoolCalendar) -> bool:
    before, after = old.choices_in(term), new.choices_in(term)
    if _choices(before) != _choices(after):
        return False
    return _opens_alike(term, old, new)


def _opens_alike(term: Term, old: SchoolCalendar, new: SchoolCalendar) -> bool:
    days = (term.start + timedelta(days=number) for number in range((term.end - term.start).days + 1))
    return all(old.opening(day) == new.opening(day) for day in days)


def _choices(choices: TermChoices) -> tuple[object, ...]:
    # The class of a code moves no total, but the causes that are kept beside it.
    return choices.blanks_are_truant, choices.carried_absences_count, choices.code_classes
