"""A school's new calendar beside the one before: a term that is over keeps all that it was counted by. One rule for all services. Pure.

Most systems send this year's terms and no other: that does not mean that last year had none, or that it was counted by this year's
timetable and choices (decision 32).
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from shared.events.data import PastTerms, SchoolUpdated, TermDates

KEPT_FOR: Final = timedelta(days=8 * 366)
"""A term's register is kept for seven years: its calendar a little longer."""


def merged(before: SchoolUpdated | None, after: SchoolUpdated, corrects: Collection[str] = ()) -> SchoolUpdated:
    """The new calendar, with the terms that are over as they were: their dates, days, timetables and choices.

    Over is what ended before the day of `after`, by what was known before and by what is sent. A running term that is left out ends on
    that day, and what it was counted by stays as well. The `past_terms` of `after` are kept: its sender has merged them. So are the
    terms in `corrects`, as `after` has them. A term that would overlap with a new one is not kept (see `displaced`).
    """
    today = after.updated_at.astimezone(ZoneInfo(after.timezone)).date()
    kept = [term for term in _kept(before, after, corrects, today) if not _overlaps(term, after)]
    names = {term.term for term in kept}
    terms = sorted([*kept, *(term for term in after.terms if term.term not in names)], key=lambda term: term.start)
    if before is None or not kept:
        return replace(after, terms=terms, past_terms=_past(None, after, terms, names, today))

    def is_kept(day: date) -> bool:
        return any(term.start <= day <= term.end for term in kept)

    def by_day(old: Iterable[date], new: Iterable[date]) -> list[date]:
        return sorted([*(day for day in old if is_kept(day)), *(day for day in new if not is_kept(day))])

    day_slots = [*(day for day in before.day_slots if is_kept(day.date)), *(day for day in after.day_slots if not is_kept(day.date))]
    return replace(
        after,
        terms=terms,
        closed_days=by_day(before.closed_days, after.closed_days),
        half_days=by_day(before.half_days, after.half_days),
        open_days=by_day(before.open_days, after.open_days),
        day_slots=sorted(day_slots, key=lambda day: day.date),
        past_terms=_past(before, after, terms, names, today),
    )


def displaced(before: SchoolUpdated, after: SchoolUpdated, corrects: Collection[str] = ()) -> list[str]:
    """The terms that are over and can't be kept, as a term of the new calendar lies on their days."""
    today = after.updated_at.astimezone(ZoneInfo(after.timezone)).date()
    return [term.term for term in _kept(before, after, corrects, today) if term.end < today and _overlaps(term, after)]


def _kept(before: SchoolUpdated | None, after: SchoolUpdated, corrects: Collection[str], today: date) -> list[TermDates]:
    """The terms before that stay as they were; a running one that is left out ends today."""
    sent = {term.term: term for term in after.terms}
    spoken = {*corrects, *(name for past in after.past_terms for name in past.terms)}
    kept = []
    for term in before.terms if before is not None else ():
        if term.term in spoken or term.end < today - KEPT_FOR:
            continue
        if term.end < today and (term.term not in sent or sent[term.term].end < today):
            kept.append(term)
        elif term.start <= today <= term.end and term.term not in sent:
            kept.append(replace(term, end=today))
    return kept


def _overlaps(term: TermDates, after: SchoolUpdated) -> bool:
    return any(new.term != term.term and new.start <= term.end and term.start <= new.end for new in after.terms)


def _past(
    before: SchoolUpdated | None, after: SchoolUpdated, terms: Iterable[TermDates], kept: Collection[str], today: date
) -> list[PastTerms]:
    """The choices of the terms that are over, those that did not change together."""
    said = {name for past in after.past_terms for name in past.terms}
    chosen = []
    for term in terms:
        if before is not None and term.term in kept:
            chosen.append((term.term, _choices_of(before, term.term)))
        elif term.end < today or term.term in said:
            chosen.append((term.term, _choices_of(after, term.term)))
    return [replace(choices, terms=[name for name, _ in some]) for choices, some in groupby(chosen, key=lambda entry: entry[1])]


def _choices_of(school: SchoolUpdated, term: str) -> PastTerms:
    """The choices by which a school counts a term, without the names of terms."""
    past = next((past for past in school.past_terms if term in past.terms), None)
    if past is not None:
        return replace(past, terms=[])
    return PastTerms(
        terms=[],
        region=school.region,
        slots=school.slots,
        timetables=school.timetables,
        blanks_are_truant=school.blanks_are_truant,
        count_carried_absences=school.count_carried_absences,
        code_classes=school.code_classes,
    )
