"""The variables of a letter's template. An optional variable has to be tested before it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.notifier.contacts.one_line import one_line
from services.notifier.templates.languages import HOUSE
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.days import day_in_words, list_in, number_in, run_in_words, runs, span_in_words
from services.notifier.templates.rendering.names import as_written, called
from services.notifier.templates.rendering.occasion import Occasion
from services.notifier.templates.words import average_in_words, days_in_words, in_words
from shared.clock import HOME_ZONE

Kind = Literal["text", "list", "flag"]
Values = Mapping[str, object]

HOME: Final = ZoneInfo(HOME_ZONE)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that templates can use. `optional`: it can be empty, so it stands inside `{% if name %}` wherever it is printed."""

    name: str
    kind: Kind
    says: str
    example: str
    optional: bool = False


VARIABLES: Final = (
    Variable("child", "text", "The child's given name", "Aroha"),
    Variable("greeting", "text", "The names of those whom the letter reaches", "Mere Example and Sam Example"),
    Variable("days", "text", "How long the child was away, in words; in other languages than English, the number", "5.5 days"),
    Variable("days_number", "text", "The same as a number only", "5.5"),
    Variable("never_away", "flag", "Whether the child was not away at all", "true", optional=True),
    Variable("threshold", "text", "The threshold that the letter is about, in days; empty in a letter that is about none", "5"),
    Variable("term", "text", "The term; in other languages than English, its number", "Term 4"),
    Variable("term_number", "text", "The term's number only", "4"),
    Variable("term_dates", "text", "The term's first and last day", "12 October to 18 December 2026", optional=True),
    Variable(
        "absences",
        "text",
        "The days away, in one line; empty where they are not known",
        "Monday 12 to Wednesday 14 October (3 days), Friday 23 October (half a day)",
        optional=True,
    ),
    Variable(
        "absence_lines", "list", "The same, for a loop: one entry for each run of days", "Friday 23 October (half a day)", optional=True
    ),
    Variable(
        "mostly_illness", "flag", "Whether the school's roll says that more than half of the time away was illness", "true", optional=True
    ),
    Variable("we_meet", "flag", "Whether the school's published plan names a meeting at this threshold", "true", optional=True),
    Variable(
        "attendance_service",
        "flag",
        "Whether the school's published plan names the Attendance Service at this threshold",
        "true",
        optional=True,
    ),
    Variable("since", "text", "The first day of the good news: back at school without an absence", "9 November 2026", optional=True),
    Variable(
        "school_average",
        "text",
        "How long the school's students were away on average; empty unless the letter policy compares",
        "2.5 days",
        optional=True,
    ),
    Variable("counted_on", "text", "The day of the count", "20 November 2026"),
    Variable("school", "text", "The school's name", "Example School"),
    Variable("contact_name", "text", "The person to ask for: the dean, or the school's own", "Hana Example", optional=True),
    Variable("phone", "text", "The number to ring: the dean's, or the school's", "04 555 0100", optional=True),
    Variable(
        "contact_email", "text", "The address to write to: the dean's, or the school's", "office@example-school.invalid", optional=True
    ),
    Variable(
        "reply_link",
        "text",
        "The address at which the family can answer once, without an account; empty unless the letter policy has it",
        "https://star.example.nz/notifier/reply/…",
        optional=True,
    ),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({variable.name: variable.kind for variable in VARIABLES})


def values_of(occasion: Occasion, kind: LetterKind, language: str) -> Values:
    """Every variable's value, None where there is none. A value from a school's system is one line of printable text."""
    english = language == HOUSE
    number = number_in(occasion.absent_half_days / 2, language)
    # Days that do not add up to the number beside them would only raise the question which of the two is wrong.
    adds_up = sum(day.half_days for day in occasion.absent_on) == occasion.absent_half_days
    lines = [run_in_words(run, language) for run in runs(occasion.absent_on)] if adds_up else []
    names = called(occasion.names, occasion.child)
    dates = occasion.dates
    threshold = str(kind) if isinstance(kind, int) else None
    average = occasion.school_average_days
    return {
        "child": as_written(occasion.child),
        "greeting": in_words(names) if english else list_in(names, language),
        "days": days_in_words(occasion.absent_half_days) if english else number,
        "days_number": number,
        "never_away": occasion.absent_half_days == 0,
        "threshold": threshold,
        "term": f"Term {occasion.term[-1]}" if english else occasion.term[-1],
        "term_number": occasion.term[-1],
        "term_dates": span_in_words(dates.start, dates.end, language) if dates is not None else None,
        "absences": ", ".join(lines) or None,
        "absence_lines": lines,
        "mostly_illness": occasion.illness_half_days * 2 > occasion.absent_half_days,
        "we_meet": "meeting-with-whanau" in occasion.promises.get(threshold or "", ()),
        "attendance_service": "attendance-service-referral" in occasion.promises.get(threshold or "", ()),
        "since": day_in_words(occasion.since, language) if occasion.since is not None else None,
        "school_average": None if average is None else average_in_words(average) if english else number_in(average, language),
        "counted_on": day_in_words(occasion.counted_at.astimezone(_zone(occasion.timezone)).date(), language),
        "school": one_line(occasion.school),
        "contact_name": None if occasion.contact_name is None else as_written(occasion.contact_name),
        "phone": occasion.phone,
        "contact_email": occasion.contact_email,
        "reply_link": occasion.reply_link,
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return HOME
