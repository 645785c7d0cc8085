"""`/console/{school}/letters/paper`: letters that are printed, posted on a day by a person, and recorded as sent."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.files import passed_on
from services.console.frame.forms import BadFormError, Form, FormOnce, form
from services.console.frame.navigation import LETTERS
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.frame.words import count
from services.console.pages.letters.tabs import PAPER_READERS, letter_tabs
from services.console.people.needs import Needs

router = PageRouter()

POSTERS: Final = Needs("star:write", "manage", whole_school=True, of_staff=True)
"""Those who print letters and post them."""

SHOWN: Final = 20


class PrintForm(FormOnce):
    """The order of the pile."""

    sorted_by: Literal["postcode", "name"] = "postcode"


class SettleForm(Form):
    """The day on which a pile was posted; or that it is not posted."""

    act: Literal["posted", "drop"]
    on: date | None = Field(default=None, title="The day")


@router.get("/{school}/letters/paper", PAPER_READERS)
async def paper(visit: VisitHere) -> Response:
    """The letters that wait to be printed, and the piles."""
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        waiting=visit.apis.notifier.get(f"{path}/printings/waiting"),
        piles=visit.apis.notifier.get(f"{path}/printings", limit=SHOWN),
        policy=visit.apis.notifier.get(f"{path}/letter-policy"),
        counted=visit.apis.notifier.get(f"{path}/letters/summary"),
    )
    view = {
        "waiting": parts["waiting"],
        "piles": parts["piles"].map(lambda sent: [{**one, "state": _state(one)} for one in sent["items"]]),
        "chosen": parts["policy"].otherwise({}).get("paper") is not None,
        "may_post": visit.may(POSTERS),
        "tabs": letter_tabs(visit, "paper", parts["counted"].data or {}),
    }
    return visit.show("letters/paper.html", LETTERS, view, title="Letters: on paper")


@router.post("/{school}/letters/paper", POSTERS)
async def print_pile(visit: VisitHere, body: Annotated[PrintForm, form(PrintForm)]) -> Response:
    """Puts letters that wait into a pile."""
    path = f"/v1/schools/{visit.school}/printings"
    made = await visit.apis.notifier.send("POST", path, {"sorted_by": body.sorted_by}, once=body.once)
    if made.failure is not None:
        raise BadFormError([_refused(made)])
    note = f"{count(made.otherwise({})['letters'], 'letter is', 'letters are')} in the pile."
    return visit.leave(visit.address("letters", "paper"), note)


@router.get("/{school}/letters/paper/{pile}.pdf", PAPER_READERS)
async def pdf(visit: VisitHere, pile: UUID) -> Response:
    """The letters of a pile, to print."""
    return await passed_on(visit.apis.notifier, f"/v1/printings/{pile}.pdf")


@router.post("/{school}/letters/paper/{pile}", POSTERS)
async def settle(visit: VisitHere, pile: UUID, body: Annotated[SettleForm, form(SettleForm)]) -> Response:
    """Records that a pile was posted, or drops it."""
    if body.act == "drop":
        answer = await visit.apis.notifier.send("DELETE", f"/v1/printings/{pile}")
        note = "The pile is dropped: its letters wait to be printed again."
    else:
        if body.on is None:
            raise BadFormError(["Give the day on which the pile was posted."])
        answer = await visit.apis.notifier.send("POST", f"/v1/printings/{pile}/posted", {"on": body.on.isoformat()})
        note = _posted(answer)
    if answer.failure is not None and answer.failure.kind == "printing-settled":
        note = "This pile was posted or dropped already: its state, and who recorded it, stands below."
    elif answer.failure is not None:
        raise BadFormError([_refused(answer)])
    return visit.leave(visit.address("letters", "paper"), note)


def _posted(answer: Part[Any]) -> str:
    gone = answer.otherwise({}).get("taken_back", [])
    if not gone:
        return "The letters are recorded as sent."
    places = ", ".join(str(one["place"]) for one in gone)
    return f"The letters are recorded as sent, but for number {places} of the pile, which were taken back. Ring a family that got one."


def _state(pile: dict[str, Any]) -> Literal["open", "posted", "dropped"]:
    return "posted" if pile["posted_on"] else "dropped" if pile["dropped_at"] else "open"


def _refused(answer: Part[Any]) -> str:
    failure = answer.failure
    return "Letters can't be reached now: try again in a minute." if failure is None or failure.why == "away" else f"{failure.detail}."
