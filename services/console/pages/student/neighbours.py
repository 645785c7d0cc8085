"""The students before and after in the list that one came from, whichever list of the screens that was. Pure."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs, parse_qsl

from services.console.asking.part import Part

MOST: Final = 100
"""Students of a list that are looked at: a page of it."""

STUDENTS: Final = frozenset(
    {"q", "tier", "year_level", "group", "mostly", "rising", "unanswered", "on_hold", "near_days", "sort", "cursor"}
)
RECORDS: Final = frozenset({"q", "status", "overdue", "threshold", "year_level", "group", "crossed_from", "crossed_to", "sort", "cursor"})
FIGURES: Final = frozenset({"term", "tier", "category", "week", "weekday", "year_level", "group", "pattern", "cursor"})
LETTERS: Final = frozenset({"group", "threshold", "cursor"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as its service is asked for it: the path below the school's, and the query."""

    service: Literal["thresholds", "notifier"]
    path: str
    query: dict[str, str | int | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Keys of the students before and after, where there are any, and the place in the list."""

    before: str | None = None
    after: str | None = None
    place: int = 0
    of: int = 0


def listing_of(back: str) -> Listing | None:
    """The list that a page's address, below the school's, shows; None for a page that is no list."""
    page, _, query = back.partition("?")
    asked = dict(parse_qsl(query))
    if page in ("analysis/students", "analysis/patterns"):
        several = {name: values for name, values in parse_qs(query).items() if name in FIGURES}
        return Listing("thresholds", page, {"limit": MOST, **several})
    if page == "students" and "?" in back:
        return Listing("thresholds", "students", {"limit": MOST, **_only(asked, STUDENTS)})
    if page == "records":
        chosen = {"status": "open", "sort": "due_on", **_only(asked, RECORDS)}
        if chosen["status"] == "all":
            del chosen["status"]
        return Listing("thresholds", "star-records", {"limit": MOST, **chosen})
    if page == "letters":
        return Listing("notifier", "deliveries", {"limit": MOST, "group": "waiting", **_only(asked, LETTERS)})
    return Listing("thresholds", "work") if page == "today" else None


def neighbours_of(student: str, listed: Part[Any] | None) -> Neighbours:
    """A student's neighbours in a page of a list, in which a student can stand several times."""
    items = listed.data["items"] if listed is not None and listed.data else []
    keys = list(dict.fromkeys(item["student"] for item in items if item["student"]))
    if student not in keys:
        return Neighbours()
    at = keys.index(student)
    return Neighbours(keys[at - 1] if at else None, keys[at + 1] if at + 1 < len(keys) else None, at + 1, len(keys))


def _only(asked: dict[str, str], allowed: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name in allowed}
