"""The surroundings of every page: the school and its term, the navigation, who is here, and the note of the last change. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from fastapi import Request

from services.console.asking.part import Part
from services.console.frame.navigation import Page, shown_to
from services.console.frame.notes import Note
from services.console.frame.refusals import NotSentError
from services.console.frame.words import count
from services.console.people.person import Person
from shared.clock import HOME_ZONE


@dataclass(frozen=True, slots=True)
class TermDates:
    """A term of a school."""

    name: str
    start: date
    end: date

    @classmethod
    def read(cls, sent: dict[str, str]) -> Self:
        """As the API answers it."""
        return cls(sent["term"], date.fromisoformat(sent["start"]), date.fromisoformat(sent["end"]))

    @property
    def title(self) -> str:
        """In words: "Term 4, 2026"."""
        year, _, number = self.name.partition("-T")
        return f"Term {number}, {year}"


@dataclass(frozen=True, slots=True)
class School:
    """A school as its pages know it. Without its part (`known` False) the name is the number and the clock is the country's."""

    number: str
    name: str
    zone: ZoneInfo
    today: date
    term: TermDates | None = None
    terms: tuple[TermDates, ...] = ()
    known: bool = True


def school_of(number: str, part: Part[Any]) -> School:
    """Raises NotSentError for a school that was never sent."""
    if part.failure is not None and part.failure.why == "absent":
        raise NotSentError
    sent = part.data
    if sent is None:
        zone = ZoneInfo(HOME_ZONE)
        return School(number, f"School {number}", zone, datetime.now(zone).date(), known=False)
    term = None if sent["term"] is None else TermDates.read(sent["term"])
    terms = tuple(TermDates.read(one) for one in sent["terms"])
    return School(number, sent["name"], ZoneInfo(sent["timezone"]), date.fromisoformat(sent["today"]), term, terms)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a person lives with: their own students, those who reached a step since the last school day, records that are
    overdue, letters that wait for a person, things in the data to mend; and how many students the school has."""

    students: int | None = None
    overdue: int | None = None
    letters: int | None = None
    reached: int | None = None
    of_school: int | None = None
    issues: int | None = None

    @property
    def by_page(self) -> dict[str, str]:
        """The words beside the navigation's entries."""
        shown = {
            "today": (self.reached, "{:,} new"),
            "students": (self.students, "{:,}"),
            "records": (self.overdue, "{:,} overdue"),
            "letters": (self.letters, "{:,} wait"),
            "data-quality": (self.issues, "{:,}"),
        }
        return {page: words.format(number) for page, (number, words) in shown.items() if number}


def numbers_of(summary: Part[Any] | None, letters: Part[Any] | None) -> Numbers:
    """The numbers that came; one that did not come is not shown."""
    counted = summary.data if summary is not None else None
    waiting = letters.data if letters is not None else None
    return Numbers(
        students=counted and counted["students"],
        overdue=counted and counted["records"]["overdue"],
        letters=waiting and waiting["total"],
        reached=counted and counted["reached"],
        of_school=counted and counted["of_school"],
        # An API of the release before does not say it.
        issues=counted and counted.get("issues"),
    )


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the navigation; `number` counts what is the person's own."""

    title: str
    address: str
    current: bool
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Chrome:
    """Everything around a page."""

    title: str
    person: Person | None
    school: School | None
    number: str | None
    items: list[Item] = field(default_factory=list)
    note: Note | None = None
    students: str | None = None
    address: str = ""
    query: str = ""


NO_NUMBERS: Final = Numbers()


def chrome_of(
    person: Person | None,
    page: Page | None,
    title: str | None,
    number: str | None,
    school: School | None,
    request: Request,
    note: Note | None,
    numbers: Numbers = NO_NUMBERS,
) -> Chrome:
    """The surroundings of a page for a person."""
    pages = [] if person is None else shown_to(person.principal, number)
    items = [Item(one.title, one.address(number), one is page, numbers.by_page.get(one.name)) for one in pages]
    own, of_school = numbers.students, numbers.of_school
    students = None if own is None else count(own, "student") if own == of_school else f"{own:,} of {count(of_school or own, 'student')}"
    heading = title or (page.title if page is not None else "STAR")
    return Chrome(heading, person, school, number, items, note, students, request.url.path, request.url.query)
