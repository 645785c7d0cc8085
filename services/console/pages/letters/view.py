"""The list of letters in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.asking.part import Part
from services.console.frame import words
from services.console.frame.addresses import Address
from services.console.frame.chrome import School
from services.console.frame.letters import ENDABLE, RELEASABLE, Waits, row_of


@dataclass(frozen=True, slots=True)
class LettersView:
    """The page's list and its sentence. `releasable` and `endable` letters wait, of the step and the reason that are shown: a person can
    let all of them go, or end them, at once."""

    rows: Part[list[dict[str, Any]]]
    sentence: str
    more: str | None
    csv: str
    releasable: int
    endable: int


def letters_view(
    letters: Part[Any],
    summary: Part[Any],
    address: Address,
    school: School,
    *,
    threshold: int | None,
    status: Waits | None,
    goes_on: bool,
) -> LettersView:
    """The view of one tab. `goes_on`: it is not the first page."""
    counted = summary.data or {}
    rows = letters.map(lambda sent: [row_of(item, school) for item in sent["items"]])
    shown = rows.otherwise([])
    steps = [
        step
        for step in counted.get("steps", [])
        if (threshold is None or step["threshold"] == threshold) and (status is None or step["status"] == status)
    ]
    following = letters.data["next"] if letters.data else None
    some = f"{words.count(len(shown), 'letter')}{' more' if goes_on else ''}"
    sentence = f"{some}, newest first{'; the list goes on' if following else ''}." if shown else ""
    return LettersView(
        rows=rows,
        sentence=sentence,
        more=address.having(cursor=following) if following else None,
        csv=address.having(format="csv"),
        releasable=sum(step["letters"] for step in steps if step["status"] in RELEASABLE),
        endable=sum(step["letters"] for step in steps if step["status"] in ENDABLE),
    )


COLUMNS: Final = ("student", "name", "year_level", "groups", "term", "step", "status", "to", "due_at", "sent_at", "reason")


def cells(item: Mapping[str, Any]) -> list[Any]:
    """A letter as a line of a file."""
    of_student = [item["student"], item["name"], item["year_level"], " ".join(item["groups"])]
    return [*of_student, *(item[name] for name in ("term", "threshold", "status", "recipient", "due_at", "sent_at", "reason"))]
