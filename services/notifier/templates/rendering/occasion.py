"""The values that a letter is written from, and the letter that comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from msgspec import Struct

from services.notifier.templates.languages import HOUSE
from shared.events.data import AbsentDay, TermDates


class About(Struct, frozen=True, omit_defaults=True):
    """More that a letter is about than a count: the first day of good news, and the absent days of the school's students on average."""

    since: date | None = None
    school_average_days: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A student's total in a term, as last counted. `absent_on` and `illness_half_days` as in an occasion."""

    term: str
    absent_half_days: int
    counted_at: datetime
    absent_on: Sequence[AbsentDay]
    illness_half_days: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """The values that a letter can use: no student number, no address, no other household.

    `absent_on` are the days that make up the total, empty where they are not known; `illness_half_days` is how much of it was illness.
    `promises`: the activities that the school's published plan names, by threshold. `since`: the first day of good news;
    `school_average_days`: the absent days of the school's students on average, where the school compares. `on_paper`: nobody can answer it
    as an e-mail.
    """

    child: str
    names: Sequence[str]
    absent_half_days: int
    counted_at: datetime
    term: str
    dates: TermDates | None
    school: str
    contact_email: str | None
    timezone: str
    absent_on: Sequence[AbsentDay] = ()
    illness_half_days: int = 0
    contact_name: str | None = None
    phone: str | None = None
    promises: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reply_link: str | None = None
    since: date | None = None
    school_average_days: float | None = None
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class LetterTemplate:
    """Words with places for values. `version` is the school's own number; None for the house's words."""

    language: str
    subject: str
    body: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words, and the template it was made of."""

    subject: str
    text: str
    html: str
    language: str = HOUSE
    version: int | None = None
