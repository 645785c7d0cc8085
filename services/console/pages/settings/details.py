"""`/console/{school}/settings/school`: name, contact, deans, and the choices by which the school counts."""

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

FREE_ROWS: Final = 2


class DeanRow(Form):
    """The person who looks after a year level or a group."""

    group: str = Field(title="The group", max_length=200)
    name: str = Field(title="The name", max_length=200)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=40)
    out: bool = False


class DetailsForm(Form):
    """The school's details."""

    name: str = Field(title="The name", max_length=200)
    contact_email: str | None = Field(default=None, title="The e-mail address", max_length=254)
    phone: str | None = Field(default=None, title="The phone number", max_length=40)
    contact_name: str | None = Field(default=None, title="The person to ask for", max_length=200)
    postal_address: str | None = Field(default=None, title="The postal address", max_length=200)
    website: str | None = Field(default=None, title="The website", max_length=200)
    deans: list[DeanRow] = Field(default=[], title="Deans")
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_o: Literal["justified", "unjustified"] | None = None

    def changes(self) -> dict[str, Any]:
        """The fields of the school."""
        fields = self.model_dump(exclude={"deans", "code_o"})
        fields["deans"] = [row.model_dump(exclude={"out"}) for row in self.deans if not row.out]
        fields["code_classes"] = {"O": self.code_o} if self.code_o else {}
        return fields


@router.get("/{school}/settings/school", SCHOOL_SETUP)
async def details(visit: VisitHere) -> Response:
    """The details, as a form for those who may change them."""
    return await show_stored(visit, "settings/details.html", "school", free_rows=range(FREE_ROWS))


@router.post("/{school}/settings/school", SETTINGS_ADMINS)
async def change_details(visit: VisitHere, body: Annotated[DetailsForm, form(DetailsForm)]) -> Response:
    """Shows what the changed details would do."""
    return await propose(visit, "school", body.changes())
