"""`/console/{school}/letters/what-if`: the letters of the last weeks, by the choices in force or by others."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.navigation import LETTERS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.letters.tabs import letter_tabs
from services.console.people.needs import Needs

router = PageRouter()

REHEARSERS: Final = Needs("star:read", "manage", whole_school=True, of_staff=True)
"""Those who see the list, which names students."""

MOST_ROWS: Final = 200

CHANGES: Final[Mapping[str, str]] = {
    "new": "a letter more",
    "gone": "no letter any more",
    "outcome": "something else becomes of it",
    "sooner": "goes sooner",
    "later": "goes later",
    "recipients": "other recipients",
    "words": "other words",
    "same": "the same",
}

OUTCOMES: Final[Mapping[str, str]] = {
    "goes": "goes",
    "awaiting-release": "waits for a person",
    "no-contact": "reaches nobody",
}

CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "email": ("e-mail", "e-mails"),
    "text": ("text", "texts"),
    "paper": ("envelope", "envelopes"),
}


class WeeksFilter(BaseModel):
    """How many weeks back."""

    weeks: Literal["1", "2", "4", "8", "12"] = "4"


@router.get("/{school}/letters/what-if", REHEARSERS)
async def what_if(visit: VisitHere, filters: Annotated[WeeksFilter, Query()]) -> Response:
    """The last weeks by the choices in force."""
    found = await rehearse(visit, {"weeks": int(filters.weeks)})
    back = visit.address("letters", "policy")
    return what_if_page(visit, found, title="What if: the last weeks", tab="policy", back=back, weeks=filters.weeks)


async def rehearse(visit: Visit, choices: Mapping[str, Any]) -> Part[Any]:
    """The rehearsal of these choices: the API's answer."""
    path = f"/v1/schools/{visit.school}/letters/what-if"
    return (await visit.ask(found=visit.apis.notifier.send("POST", path, {**choices, "limit": MOST_ROWS})))["found"]


def what_if_page(
    visit: Visit, found: Part[Any], *, title: str, tab: str, back: str, weeks: str | None = None, only: str | None = None
) -> Response:
    """A page of one rehearsal; `only`: the letters of one change."""
    view = {
        "what_if": what_if_view(found, only),
        "back": back,
        "weeks": weeks,
        "all_weeks": ("1", "2", "4", "8", "12"),
        "tabs": letter_tabs(visit, tab, {}),
    }
    return visit.show("letters/what_if.html", LETTERS, view, title=title)


def what_if_view(found: Part[Any], only: str | None = None) -> Part[Any]:
    """A rehearsal in sentences and rows."""
    return found.map(lambda sent: {**sent, "sentences": sentences(sent), "rows": _rows(sent["items"], only)})


def sentences(found: Mapping[str, Any]) -> list[str]:
    """A sentence for each side, and for each way in which letters would differ."""
    reached = f"{count(found['crossings'], 'step was', 'steps were')} reached in this time."
    said = [reached, f"By the choices in force: {_sum(found['before'])}."]
    differ = [(one["change"], one["letters"]) for one in found["changes"] if one["change"] != "same" and one["letters"]]
    if found["before"] != found["after"]:
        said.append(f"By the new ones: {_sum(found['after'])}.")
    return said + [f"{count(letters, 'letter')}: {CHANGES[change]}." for change, letters in differ]


def _sum(side: Mapping[str, Any]) -> str:
    parts = [f"{count(side['letters'], 'letter')} to {count(side['copies'], 'address', 'addresses')}"]
    if side["kept_back"]:
        parts.append(f"{side['kept_back']} that wait for a person")
    if side["no_contact"]:
        parts.append(f"{side['no_contact']} that reach nobody")
    return ", ".join(parts)


def _rows(items: Sequence[Mapping[str, Any]], only: str | None) -> list[dict[str, Any]]:
    return [
        {**item, "change_words": CHANGES[item["change"]], "before_words": _letter(item["before"]), "after_words": _letter(item["after"])}
        for item in items
        if only is None or item["change"] == only
    ]


def _letter(letter: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A letter's outcome and copies in words, with its moment."""
    if letter is None:
        return None
    kinds = [copy["channel"] for copy in letter["copies"]]
    copies = [count(kinds.count(kind), *names) for kind, names in CHANNELS.items() if kind in kinds]
    return {"at": letter["goes_at"], "outcome": OUTCOMES[letter["outcome"]], "copies": " and ".join(copies)}
