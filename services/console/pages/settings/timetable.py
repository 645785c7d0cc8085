"""`/console/{school}/settings/timetable`: the periods of a day, and the day from which they hold."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.frame.forms import Form, form
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.proposing import propose
from services.console.pages.settings.stored import show_stored
from services.console.people.needs import SCHOOL_SETUP, SETTINGS_ADMINS

router = PageRouter()

FREE_ROWS: Final = 3


class SlotRow(Form):
    """A period. `session` empty: its place in the day says whether it lies in the morning."""

    slot: int = Field(title="The number", ge=1, le=20)
    name: str = Field(title="The name", max_length=200)
    minutes: int = Field(title="Minutes", ge=1, le=600)
    session: Literal["AM", "PM"] | None = None
    out: bool = False


class TimetableForm(Form):
    """The periods, and the day from which they hold."""

    slots: list[SlotRow] = Field(default=[], title="Periods")
    slots_from: date | None = Field(default=None, title="The first day")

    def changes(self) -> dict[str, Any]:
        """The fields of the school."""
        rows = sorted((row for row in self.slots if not row.out), key=lambda row: row.slot)
        slots = [row.model_dump(exclude={"out"}) for row in rows]
        return {"slots": slots} | ({"slots_from": self.slots_from.isoformat()} if self.slots_from else {})


@router.get("/{school}/settings/timetable", SCHOOL_SETUP)
async def timetable(visit: VisitHere) -> Response:
    """The periods as a form, and the timetables that the school's own system has sent."""
    return await show_stored(visit, "settings/timetable.html", "timetable", free_rows=range(FREE_ROWS))


@router.post("/{school}/settings/timetable", SETTINGS_ADMINS)
async def change_timetable(visit: VisitHere, body: Annotated[TimetableForm, form(TimetableForm)]) -> Response:
    """Shows what the changed periods would do."""
    return await propose(visit, "timetable", body.changes())
