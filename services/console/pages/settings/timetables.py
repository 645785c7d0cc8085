"""`/console/{school}/settings/timetables`: dated timetables, which differ by weekday or go through a cycle of days.

A day is a text with a line for each period: its name and its minutes, with a comma between. That is how people have them in a document.
"""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.proposing import propose
from services.console.pages.settings.stored import show_stored, stored_school
from services.console.people.needs import SETTINGS_ADMINS

router = PageRouter()

WEEKDAYS: Final = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday"}

CYCLE: Final = 10
"""Days of a cycle that the form has room for."""

_LINE: Final = re.compile(r"^(?P<name>.+?)\s*,\s*(?P<minutes>\d{1,3})\s*(?:min|minutes)?\s*(?:,\s*(?P<session>AM|PM))?$", re.IGNORECASE)

Kind = Literal["weekdays", "cycle"]


class DatedForm(Form):
    """A timetable from a day on. `every` holds on weekdays that have no text of their own; `day` has those of a cycle, in turn."""

    kind: Kind
    start: date = Field(title="The first day")
    every: str | None = None
    mon: str | None = None
    tue: str | None = None
    wed: str | None = None
    thu: str | None = None
    fri: str | None = None
    day: list[str] = Field(default=[])
    starts: str | None = Field(default=None, title="Days on which the cycle begins anew", max_length=2_000)

    def timetable(self) -> dict[str, Any]:
        """As the API takes it. Raises BadFormError, with the day and the line."""
        whole: dict[str, Any] = {"from": self.start.isoformat(), "slots": [], "weekdays": {}, "cycle": [], "cycle_starts": []}
        if self.kind == "cycle":
            whole["cycle"] = [periods(text, f"Day {number}") for number, text in enumerate(self.day, start=1)]
            whole["cycle_starts"] = [_day(word) for word in (self.starts or "").replace(",", " ").split()]
        else:
            whole["slots"] = periods(self.every or "", "Every day")
            texts = {name: getattr(self, name) for name in WEEKDAYS}
            whole["weekdays"] = {name: periods(text, WEEKDAYS[name]) for name, text in texts.items() if text}
        if not (whole["slots"] or whole["weekdays"] or whole["cycle"]):
            raise BadFormError(["Write at least one day, with a line for each period."])
        return whole


class TakeOutForm(Form):
    """The dated timetable that goes, by its first day."""

    start: date


@router.get("/{school}/settings/timetables/new", SETTINGS_ADMINS)
async def new(visit: VisitHere, kind: Kind = "weekdays") -> Response:
    """The form for a timetable from a day on."""
    view = {"kind": kind, "weekdays": WEEKDAYS, "cycle": range(1, CYCLE + 1)}
    return await show_stored(visit, "settings/timetables.html", "timetable", **view)


@router.post("/{school}/settings/timetables/new", SETTINGS_ADMINS)
async def add(visit: VisitHere, body: Annotated[DatedForm, form(DatedForm)]) -> Response:
    """Shows what the timetable would do. It takes the place of one that begins on the same day."""
    timetable = body.timetable()
    stored = await stored_school(visit)
    before = stored.otherwise({"timetables": []})["timetables"]
    others = [one for one in before if one["from"] != timetable["from"]]
    return await propose(visit, "timetable", {"timetables": sorted([*others, timetable], key=lambda one: one["from"])}, stored=stored)


@router.post("/{school}/settings/timetables/out", SETTINGS_ADMINS)
async def take_out(visit: VisitHere, body: Annotated[TakeOutForm, form(TakeOutForm)]) -> Response:
    """Shows what would happen without a dated timetable."""
    stored = await stored_school(visit)
    before = stored.otherwise({"timetables": []})["timetables"]
    return await propose(
        visit, "timetable", {"timetables": [one for one in before if one["from"] != body.start.isoformat()]}, stored=stored
    )


def periods(text: str, day: str) -> list[dict[str, Any]]:
    """The periods of a day's text. Raises BadFormError for a line that is none. Pure."""
    found = []
    for number, line in enumerate((line.strip() for line in text.splitlines() if line.strip()), start=1):
        read = _LINE.match(line)
        if read is None:
            raise BadFormError([f"{day}, line {number}: write a name and its minutes, as in “Period 1, 60”."])
        session = read["session"].upper() if read["session"] else None
        found.append({"slot": number, "name": read["name"], "minutes": int(read["minutes"]), "session": session})
    return found


def _day(word: str) -> str:
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError as error:
        raise BadFormError(["Days on which the cycle begins anew: write them as 2027-02-01, with a blank between."]) from error
