"""Made-up families, to try templates out on: every case that a letter can meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final

from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.occasion import Occasion
from shared.clock import HOME_ZONE
from shared.events.data import AbsentDay, LetterOccasion, TermDates

TERM: Final = TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
COUNTED_AT: Final = datetime(2026, 11, 19, 20, 30, tzinfo=UTC)
OFFICE: Final = "office@example-school.invalid"
REPLY_LINK: Final = "https://star.example.nz/notifier/reply/Ji9vKd0Qx2mTz81LwYbN4c"
LONGEST_NAME: Final = 200
MOST_NAMES: Final = 8
_HALF_DAYS: Final[Mapping[LetterOccasion, int]] = {"statement": 5, "back-on-track": 11, "full-term": 0}


@dataclass(frozen=True, slots=True)
class SampleCase:
    """One made-up family: what is known of it, and of its school."""

    mostly_illness: bool = False
    absent_days_known: bool = True
    term_dates_known: bool = True
    contact_email: bool = True
    caregivers: int = 2
    contact_person: bool = True
    plan: bool = False
    reply_link: bool = False


def sample(kind: LetterKind, case: SampleCase, *, school: str = "Example School", contact_email: str | None = OFFICE) -> Occasion:
    """The made-up family of a case, half a day past the letter's threshold, if it has one; school and address can be a real one's."""
    half_days = kind * 2 + 1 if isinstance(kind, int) else _HALF_DAYS[kind]
    return Occasion(
        child="Aroha",
        names=["Mere Example", "Sam Example"][: case.caregivers],
        absent_half_days=half_days,
        counted_at=COUNTED_AT,
        term=TERM.term,
        dates=TERM if case.term_dates_known else None,
        school=school,
        contact_email=contact_email if case.contact_email else None,
        timezone=HOME_ZONE,
        absent_on=_days(half_days) if case.absent_days_known else (),
        illness_half_days=max(half_days - 2, 0) if case.mostly_illness else min(half_days, 2),
        contact_name="Hana Example" if case.contact_person else None,
        phone="04 555 0100" if case.contact_person else None,
        promises={str(kind): ["meeting-with-whanau", "attendance-service-referral"]} if case.plan else {},
        reply_link=REPLY_LINK if case.reply_link else None,
        since=date(2026, 11, 9) if kind == "back-on-track" and case.absent_days_known else None,
        school_average_days=2.5 if kind == "statement" and case.plan else None,
    )


def every_case(kind: LetterKind) -> Iterator[Occasion]:
    """A family for every combination of what can be missing, so that each way through a template is gone; then the longest there can be."""
    either = (True, False)
    for illness, days, dates, email, caregivers, person in product(either, either, either, either, (1, 2), either):
        yield sample(kind, SampleCase(illness, days, dates, email, caregivers, person))
        yield sample(kind, SampleCase(illness, days, dates, email, caregivers, person, plan=True, reply_link=True))
    yield longest(kind)


def longest(kind: LetterKind) -> Occasion:
    """Long names, many of them, and as many days as a term can have, none of which can be told together with another."""
    days = [AbsentDay(TERM.start + timedelta(days=number), 1 + number % 2) for number in range(68)]
    occasion = sample(kind, SampleCase())
    return replace(
        occasion,
        child="A" * LONGEST_NAME,
        names=["M" * LONGEST_NAME] * MOST_NAMES,
        school="S" * LONGEST_NAME,
        contact_name="H" * LONGEST_NAME,
        absent_on=days,
        absent_half_days=sum(day.half_days for day in days),
    )


def _days(half_days: int) -> list[AbsentDay]:
    """Whole days from the term's first Monday on, three of each week, and half a day at the end."""
    starts = (TERM.start + timedelta(weeks=week, days=day) for week in range(10) for day in range(3))
    whole = [AbsentDay(day, 2) for day, _ in zip(starts, range(half_days // 2), strict=False)]
    return [*whole, AbsentDay(date(2026, 11, 19), 1)] if half_days % 2 else whole
