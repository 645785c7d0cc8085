"""The list of students, from what the services answered. Pure."""

from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.console.asking.part import Part
from services.console.frame import words
from services.console.frame.addresses import Address, Sorted
from services.console.frame.letters import short
from services.console.frame.tabs import Tab
from shared.attendance.tiers import TIERS
from shared.web.spreadsheet import Cell

COLUMNS: Final = ("student", "name", "year_level", "groups", "absent_days", "tier", "attendance_rate", "records", "records_answered")


@dataclass(frozen=True, slots=True)
class StudentsView:
    """The list with its tabs, its count as a sentence, and the address of what follows."""

    tabs: list[Tab]
    students: Part[list[dict[str, Any]]]
    sentence: str
    sort: Sorted
    more: str | None
    csv: str


def students_view(students: Part[Any], summary: Part[Any], address: Address, sort: str, *, goes_on: bool) -> StudentsView:
    """A page of the list; `goes_on`: it is not the first one."""
    tier = address.filters.get("tier")
    numbers = summary.data["tiers"] if summary.data else {}
    everybody = summary.data["students"] if summary.data else None
    tabs = [Tab("All", everybody, address.having(tier=None), tier is None)]
    tabs += [Tab(words.tier(name), numbers.get(name), address.having(tier=name), tier == name) for name in reversed(TIERS)]
    items = students.map(lambda sent: sent["items"])
    following = students.data["next"] if students.data else None
    return StudentsView(
        tabs=tabs,
        students=items,
        sentence=_sentence(items, following, address, everybody, goes_on=goes_on),
        sort=Sorted.read(sort),
        more=address.having(cursor=following) if following else None,
        csv=address.having(format="csv"),
    )


def with_letters(students: Part[Any], letters: Part[Any], zone: ZoneInfo) -> Part[Any]:
    """The page of the list with the newest letter of each student in words; None for a student of whom none was written."""
    newest: dict[str, str] = {}
    for letter in letters.data["items"] if letters.data else []:
        newest.setdefault(letter["student"], short(letter, zone))
    return students.map(lambda sent: {**sent, "items": [{**one, "letter": newest.get(one["student"])} for one in sent["items"]]})


def cells(student: dict[str, Any]) -> list[Cell]:
    """A student's line in a file."""
    return [", ".join(value) if isinstance(value, list) else value for value in (student[name] for name in COLUMNS)]


def _sentence(items: Part[Any], following: str | None, address: Address, everybody: int | None, *, goes_on: bool) -> str:
    shown = len(items.otherwise([]))
    filtered = any(name != "sort" for name in address.filters)
    if not goes_on and following is None:
        return f"{words.count(shown, 'student')}{' found' if filtered else ''}."
    if not filtered and everybody is not None:
        return f"{shown} of {words.count(everybody, 'student')}{', further down the list' if goes_on else ''}."
    return f"{'The next' if goes_on else 'The first'} {words.count(shown, 'student')}{', and more below' if following else ''}."
