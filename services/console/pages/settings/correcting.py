"""`/console/{school}/settings/terms/{term}`: a term that is over, to be counted anew by dates and days that are right."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from services.console.frame.chrome import TermDates
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.navigation import SETTINGS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.calendar import FREE_ROWS, LISTS, DayRow, changeable_from
from services.console.pages.settings.days import all_days, spans
from services.console.pages.settings.proposing import propose
from services.console.pages.settings.stored import stored_school
from services.console.pages.settings.tabs import tabs_of
from services.console.people.needs import SETTINGS_ADMINS

router = PageRouter()


class TermForm(Form):
    """A term that is over, and its days."""

    start: date = Field(title="The first day")
    end: date = Field(title="The last day")
    closed: list[DayRow] = Field(default=[], title="Closed days")
    half: list[DayRow] = Field(default=[], title="Half days")
    opened: list[DayRow] = Field(default=[], title="Days open although closed by rule")


@router.get("/{school}/settings/terms/{term}", SETTINGS_ADMINS)
async def term(visit: VisitHere, term: str) -> Response:
    """The term as it was counted, as a form."""
    stored = await stored_school(visit)
    view = stored.map(lambda sent: {"term": _over(sent, term, changeable_from(visit.about_school)), "days": _days_of(sent, term)})
    return visit.show(
        "settings/term.html",
        SETTINGS,
        title="Correct a term that is over",
        tabs=tabs_of(visit, ""),
        view=view,
        free_rows=range(FREE_ROWS),
    )


@router.post("/{school}/settings/terms/{term}", SETTINGS_ADMINS)
async def correct(visit: VisitHere, term: str, body: Annotated[TermForm, form(TermForm)]) -> Response:
    """Shows what the corrected term would do."""
    stored = await stored_school(visit)
    if stored.data is None:
        raise BadFormError(["The school's settings can't be reached now: nothing was changed."])
    changes = corrected(stored.data, _over(stored.data, term, changeable_from(visit.about_school)), body)
    return await propose(visit, "", changes, stored=stored, corrects=term)


def corrected(stored: Mapping[str, Any], was: TermDates, body: TermForm) -> dict[str, Any]:
    """The fields of the school with the term as the form has it; the days of other terms stay. Pure."""
    terms = [
        one if one["term"] != was.name else {**one, "start": body.start.isoformat(), "end": body.end.isoformat()} for one in stored["terms"]
    ]
    changes: dict[str, Any] = {"terms": sorted(terms, key=lambda one: one["start"])}
    tables = {"closed": body.closed, "half": body.half, "opened": body.opened}
    for name, field in LISTS.items():
        kept = {day for day in _dates(stored[field]) if not was.start <= day <= was.end}
        chosen = all_days([row.span for row in tables[name] if not row.out])
        changes[field] = [day.isoformat() for day in sorted(kept | set(chosen))]
    return changes


def _over(stored: Mapping[str, Any], name: str, since: date) -> TermDates:
    """The stored term of that name, which is over. Raises NotThereError for any other."""
    for one in stored["terms"]:
        read = TermDates.read(one)
        if read.name == name and read.end < since:
            return read
    raise NotThereError


def _days_of(stored: Mapping[str, Any], name: str) -> dict[str, Any]:
    dates = next(TermDates.read(one) for one in stored["terms"] if one["term"] == name)
    return {table: spans(day for day in _dates(stored[field]) if dates.start <= day <= dates.end) for table, field in LISTS.items()}


def _dates(days: Iterable[str]) -> list[date]:
    return [date.fromisoformat(day) for day in days]
