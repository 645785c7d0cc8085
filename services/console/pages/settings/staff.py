"""`/console/{school}/settings/staff`: the people to whom work belongs, their absences, and their reminders."""

from datetime import date, time
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.frame.forms import Form, form
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.proposing import propose
from services.console.pages.settings.stored import show_stored
from services.console.people.needs import SCHOOL_SETUP, SETTINGS_ADMINS
from services.console.people.person import ROLE_WORDS

router = PageRouter()

FREE_ROWS: Final = 2

ROLES: Final = {role: words for role, words in ROLE_WORDS.items() if role != "view"}


class StaffRow(Form):
    """A member of staff; `groups` with commas between them."""

    account: str = Field(title="The account", max_length=200)
    name: str = Field(title="The name", max_length=200)
    email: str | None = Field(default=None, max_length=254)
    role: Literal["respond", "manage", "admin"] = "respond"
    groups: str | None = Field(default=None, max_length=2_000)
    away_from: date | None = Field(default=None, title="Away from")
    away_until: date | None = Field(default=None, title="Away until")
    stand_in: str | None = Field(default=None, max_length=200)
    out: bool = False

    def person(self) -> dict[str, Any]:
        """The person, as ingest takes them."""
        groups = [group.strip() for group in (self.groups or "").split(",") if group.strip()]
        return {**self.model_dump(mode="json", exclude={"out", "groups"}), "groups": groups}


class StaffForm(Form):
    """The staff of a school."""

    people: list[StaffRow] = Field(default=[], title="Staff")
    remind_at: time | None = Field(default=None, title="The time of reminders")
    next_role_after: int | None = Field(default=None, title="School days until the next role", ge=1, le=100)

    def staff(self) -> dict[str, Any]:
        """The list, as ingest takes it."""
        people = [row.person() for row in self.people if not row.out]
        return {
            "people": people,
            "remind_at": f"{self.remind_at:%H:%M}" if self.remind_at else None,
            "next_role_after": self.next_role_after,
        }


@router.get("/{school}/settings/staff", SCHOOL_SETUP)
async def staff(visit: VisitHere) -> Response:
    """The staff, as a form for those who may change it."""
    return await show_stored(visit, "settings/staff.html", "staff", free_rows=range(FREE_ROWS), roles=ROLES)


@router.post("/{school}/settings/staff", SETTINGS_ADMINS)
async def change_staff(visit: VisitHere, body: Annotated[StaffForm, form(StaffForm)]) -> Response:
    """Shows what the changed list would do."""
    return await propose(visit, "staff", {"staff": body.staff()})
