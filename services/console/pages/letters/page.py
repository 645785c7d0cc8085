"""`/console/{school}/letters`: the lists, one letter as it will go or went, and what is done about them."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import model_validator
from starlette.responses import Response

from services.console.asking.walking import pages
from services.console.frame.addresses import Address
from services.console.frame.forms import ListFilters, form
from services.console.frame.letters import REASONS_TO_WAIT, Waits, row_of
from services.console.frame.navigation import LETTERS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.letters.deciding import decide, decide_all, decide_sent, note_returned
from services.console.pages.letters.forms import AllForm, ChosenForm, SentForm
from services.console.pages.letters.framed import framed
from services.console.pages.letters.tabs import Group, letter_tabs
from services.console.pages.letters.view import COLUMNS, cells, letters_view
from services.console.people.needs import MANAGERS
from shared.web.spreadsheet import Cell, csv_answer_of_pages

router = PageRouter()

SHOWN: Final = 100
AT_ONCE: Final = 500
NOTHING: Final[dict[Group, str]] = {
    "waiting": "No letter waits.",
    "sent": "No letter was sent yet.",
    "came-back": "No letter came back.",
    "ended": "No letter was kept back.",
}
"""The sentences of lists that are empty."""


class LetterFilters(ListFilters):
    """The tab, the step, and among letters that wait the reason why."""

    group: Group = "waiting"
    threshold: Literal["5", "10", "15"] | None = None
    status: Waits | None = None

    @model_validator(mode="after")
    def _only_of_what_waits(self) -> Self:
        """Leads from the letters that wait to another tab without the reason."""
        if self.group != "waiting":
            self.status = None
        return self


@router.get("/{school}/letters", LETTERS.needs)
async def letters(visit: VisitHere, filters: Annotated[LetterFilters, Query()]) -> Response:
    """The list of a tab, newest first."""
    asked = {"group": filters.group, **filters.chosen()}
    path = f"/v1/schools/{visit.school}"
    if filters.format == "csv":
        return csv_answer_of_pages(f"letters-{visit.school}.csv", COLUMNS, _rows(visit, asked))
    parts = await visit.ask(
        letters=visit.apis.notifier.get(f"{path}/deliveries", **asked, limit=SHOWN, cursor=filters.cursor),
        counted=visit.apis.notifier.get(f"{path}/letters/summary"),
    )
    address = Address(visit.address("letters"), filters.chosen())
    threshold = int(filters.threshold) if filters.threshold else None
    view = letters_view(
        parts["letters"],
        parts["counted"],
        address,
        visit.about_school,
        threshold=threshold,
        status=filters.status,
        goes_on=filters.cursor is not None,
    )
    tabs = letter_tabs(visit, filters.group, parts["counted"].data or {}, address)
    shown = {
        "nothing": _nothing(filters),
        "decides": _decides(visit),
        "reads": visit.person.may("manage"),
        "tabs": tabs,
        "reasons": REASONS_TO_WAIT,
    }
    return visit.show("letters/letters.html", LETTERS, shown, block="main", view=view, filters=filters, address=address)


@router.get("/{school}/letters/{letter}/waiting", MANAGERS)
async def waiting_letter(visit: VisitHere, letter: UUID) -> Response:
    """A letter as it would go now, to each of its addresses."""
    parts = await visit.ask(letter=visit.apis.notifier.get(f"/v1/schools/{visit.school}/letters/{letter}/preview"))
    found = parts["letter"]
    if found.failure is not None and found.failure.why == "absent":
        raise NotThereError
    return visit.show("letters/waiting.html", LETTERS, title="A letter before it goes", letter=found, id=letter, decides=_decides(visit))


@router.get("/{school}/letters/{letter}/waiting/page", MANAGERS)
async def waiting_page(visit: VisitHere, letter: UUID, copy: Annotated[int, Query(ge=0, le=50)] = 0) -> Response:
    """The words of one copy, for the frame."""
    found = await visit.apis.notifier.get(f"/v1/schools/{visit.school}/letters/{letter}/preview")
    copies = (found.data or {}).get("copies", [])
    if copy >= len(copies) or copies[copy]["html"] is None:
        raise NotThereError
    return framed(copies[copy]["html"])


@router.get("/{school}/letters/{delivery}/sent", MANAGERS)
async def sent_letter(visit: VisitHere, delivery: UUID) -> Response:
    """A letter as it went, and every attempt at it. The look is on record."""
    parts = await visit.ask(letter=visit.apis.notifier.get(f"/v1/deliveries/{delivery}"))
    found = parts["letter"]
    if found.data is not None and found.data["school"] != visit.school:
        raise NotThereError
    if found.failure is not None and found.failure.why == "absent":
        raise NotThereError
    row = found.map(lambda item: row_of(item, visit.about_school))
    return visit.show("letters/sent.html", LETTERS, title="A letter as it went", letter=row, decides=_decides(visit))


@router.get("/{school}/letters/{delivery}/sent/page", MANAGERS)
async def sent_page(visit: VisitHere, delivery: UUID) -> Response:
    """Its words, for the frame."""
    found = await visit.apis.notifier.get(f"/v1/deliveries/{delivery}")
    if found.data is None or found.data["school"] != visit.school or found.data["html"] is None:
        raise NotThereError
    return framed(found.data["html"])


@router.post("/{school}/letters", MANAGERS)
async def decide_chosen(visit: VisitHere, body: Annotated[ChosenForm, form(ChosenForm)]) -> Response:
    """Lets go, ends or holds the letters that were ticked."""
    return visit.leave(visit.address("letters"), await decide(visit, body))


@router.post("/{school}/letters/all", MANAGERS)
async def decide_everything(visit: VisitHere, body: Annotated[AllForm, form(AllForm)]) -> Response:
    """Lets go or ends all that wait, or those of a step, once their number was typed."""
    return visit.leave(visit.address("letters"), await decide_all(visit, body))


@router.post("/{school}/letters/{delivery}/sent", MANAGERS)
async def decide_written(visit: VisitHere, delivery: UUID, body: Annotated[SentForm, form(SentForm)]) -> Response:
    """Sends it again, stops it, or takes it back by a letter of correction."""
    return visit.leave(visit.address("letters", str(delivery), "sent"), await decide_sent(visit, delivery, body))


@router.post("/{school}/letters/{delivery}/returned", MANAGERS)
async def returned(visit: VisitHere, delivery: UUID) -> Response:
    """Its envelope came back: no letter is posted to that home for now."""
    return visit.leave(visit.address("letters", str(delivery), "sent"), await note_returned(visit, delivery))


def _nothing(filters: LetterFilters) -> str:
    """The sentence of an empty list."""
    narrowed = filters.threshold is not None or filters.status is not None or filters.cursor is not None
    return "No letter is like this." if narrowed else NOTHING.get(filters.group, "No letter is like this.")


def _decides(visit: Visit) -> bool:
    """Whether the person decides about letters: that is for those who look after the whole school. Others look at those about their own
    students."""
    return visit.person.may("manage") and visit.person.principal.part is None


async def _rows(visit: Visit, asked: dict[str, Any]) -> AsyncIterator[Iterable[list[Cell]]]:
    async for items in pages(visit.apis.notifier, f"/v1/schools/{visit.school}/deliveries", **asked, limit=AT_ONCE):
        yield [cells(item) for item in items]
