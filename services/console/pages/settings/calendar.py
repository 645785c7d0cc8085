"""`/console/{school}/settings`: terms, closed and half days, and the region whose holidays hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field, model_validator
from starlette.responses import Response

from services.console.frame.chrome import School, TermDates
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.navigation import SETTINGS
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.days import LONGEST, Span, all_days, spans
from services.console.pages.settings.proposing import propose
from services.console.pages.settings.stored import stored_school
from services.console.pages.settings.tabs import tabs_of
from services.console.people.needs import SETTINGS_ADMINS

router = PageRouter()

LISTS: Final = {"closed": "closed_days", "half": "half_days", "opened": "open_days"}
"""The tables of the form, by their field of the school."""

FREE_ROWS: Final = 3

REGIONS: Final = (
    "Auckland",
    "Bay of Plenty",
    "Canterbury",
    "Chatham Islands",
    "Gisborne",
    "Hawke's Bay",
    "Manawatū-Whanganui",
    "Marlborough",
    "Nelson",
    "Northland",
    "Otago",
    "South Canterbury",
    "Southland",
    "Taranaki",
    "Tasman",
    "Waikato",
    "Wellington",
    "West Coast",
)
"""The regions, each with an anniversary day of its own, by the names that ingest takes."""


class TermRow(Form):
    """A term."""

    term: str = Field(title="The term", pattern=r"^\d{4}-T[1-4]$")
    start: date = Field(title="The first day")
    end: date = Field(title="The last day")
    out: bool = False


class DayRow(Form):
    """A day, or the days until another."""

    first: date = Field(title="The first day")
    last: date | None = Field(default=None, title="The last day")
    out: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> "DayRow":
        if self.last is not None and not 0 <= (self.last - self.first).days <= LONGEST:
            raise ValueError("the last day comes after the first, within a year")
        return self

    @property
    def span(self) -> Span:
        """As a span of days."""
        return Span(self.first, self.last or self.first)


class CalendarForm(Form):
    """The calendar from the running term on."""

    terms: list[TermRow] = Field(default=[], title="Terms")
    closed: list[DayRow] = Field(default=[], title="Closed days")
    half: list[DayRow] = Field(default=[], title="Half days")
    opened: list[DayRow] = Field(default=[], title="Days open although closed by rule")
    region: str | None = Field(default=None, max_length=200)


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The calendar as its form shows it. `since`: the day from which it can be changed; `over`: terms before that, as they were counted."""

    since: date
    over: list[TermDates]
    terms: list[TermDates]
    days: dict[str, list[Span]]
    region: str | None


@router.get("/{school}/settings", SETTINGS.needs)
async def calendar(visit: VisitHere) -> Response:
    """The calendar, as a form for those who may change it."""
    stored = await stored_school(visit)
    school = visit.about_school
    return visit.show(
        "settings/calendar.html",
        SETTINGS,
        tabs=tabs_of(visit, ""),
        view=stored.map(lambda sent: calendar_view(sent, school)),
        may_change=visit.may(SETTINGS_ADMINS),
        free_rows=range(FREE_ROWS),
        regions=REGIONS,
    )


@router.post("/{school}/settings/calendar", SETTINGS_ADMINS)
async def change_calendar(visit: VisitHere, body: Annotated[CalendarForm, form(CalendarForm)]) -> Response:
    """Shows what the changed calendar would do."""
    stored = await stored_school(visit)
    if stored.data is None:
        raise BadFormError(["The school's settings can't be reached now: nothing was changed."])
    return await propose(visit, "", calendar_changes(stored.data, visit.about_school, body), stored=stored)


def calendar_view(stored: Mapping[str, Any], school: School) -> CalendarView:
    """The part of the stored calendar that can still be changed, and the terms that can't. Pure."""
    since = changeable_from(school)
    terms = [TermDates.read(one) for one in stored["terms"]]
    return CalendarView(
        since=since,
        over=[term for term in terms if term.end < since],
        terms=[term for term in terms if term.end >= since],
        days={name: spans(day for day in _dates(stored[field]) if day >= since) for name, field in LISTS.items()},
        region=stored["region"],
    )


def calendar_changes(stored: Mapping[str, Any], school: School, body: CalendarForm) -> dict[str, Any]:
    """The fields of the school as the form has them; days and terms that are over stay. Pure."""
    since = changeable_from(school)
    over = [one for one in stored["terms"] if date.fromisoformat(one["end"]) < since]
    rows = [row for row in body.terms if not row.out]
    terms = over + [{"term": row.term, "start": row.start.isoformat(), "end": row.end.isoformat()} for row in rows]
    changes: dict[str, Any] = {"terms": sorted(terms, key=lambda term: term["start"]), "region": body.region}
    tables: dict[str, Sequence[DayRow]] = {"closed": body.closed, "half": body.half, "opened": body.opened}
    for name, field in LISTS.items():
        kept = {day for day in _dates(stored[field]) if day < since}
        chosen = all_days([row.span for row in tables[name] if not row.out])
        changes[field] = [day.isoformat() for day in sorted(kept | set(chosen))]
    return changes


def changeable_from(school: School) -> date:
    """The first day of the calendar that can be changed here: that of the running term, or today."""
    if school.term is not None and school.term.start <= school.today <= school.term.end:
        return school.term.start
    return school.today


def _dates(days: Sequence[str]) -> list[date]:
    return [date.fromisoformat(day) for day in days]
