"""The list of records, from what the services answered. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from services.console.asking.part import Part
from services.console.frame import words
from services.console.frame.addresses import Address, Sorted
from services.console.frame.tabs import Tab
from shared.web.spreadsheet import Cell

COLUMNS: Final = (
    "student",
    "name",
    "year_level",
    "groups",
    "term",
    "threshold",
    "absent_days_now",
    "crossed_on",
    "due_on",
    "overdue",
    "status",
    "outcome",
    "responses",
)

TITLES: Final = {"open": "Open", "closed": "Closed", "withdrawn": "Taken back"}


@dataclass(frozen=True, slots=True)
class RecordsView:
    """The list with its tabs, its count as a sentence, and the address of what follows."""

    tabs: list[Tab]
    records: Part[list[dict[str, Any]]]
    sentence: str
    sort: Sorted
    more: str | None
    csv: str


def records_view(records: Part[Any], summary: Part[Any], address: Address, sort: str, *, goes_on: bool) -> RecordsView:
    """A page of the list; `goes_on`: it is not the first one."""
    numbers = summary.data["records"] if summary.data else {}
    status, overdue = address.filters.get("status", "open"), bool(address.filters.get("overdue"))
    tabs = [Tab("Overdue", numbers.get("overdue"), address.having(status=None, overdue=True), overdue)]
    tabs += [
        Tab(title, numbers.get(name), address.having(status=None if name == "open" else name, overdue=None), status == name and not overdue)
        for name, title in TITLES.items()
    ]
    tabs.append(Tab("All terms", None, address.having(status="all", overdue=None), status == "all"))
    items = records.map(lambda sent: sent["items"])
    following = records.data["next"] if records.data else None
    return RecordsView(
        tabs=tabs,
        records=items,
        sentence=_sentence(len(items.otherwise([])), following, goes_on=goes_on),
        sort=Sorted.read(sort),
        more=address.having(cursor=following) if following else None,
        csv=address.having(format="csv"),
    )


def cells(record: dict[str, Any]) -> list[Cell]:
    """A record's line in a file; the responses are their activities and days, never the notes."""
    shown = {
        **record,
        "groups": ", ".join(record["groups"]),
        "overdue": "yes" if record["overdue"] else "no",
        "responses": "; ".join(f"{one['label']} {one['occurred_on']}" for one in record["responses"]),
    }
    return [shown[name] for name in COLUMNS]


def _sentence(shown: int, following: str | None, *, goes_on: bool) -> str:
    if not goes_on and following is None:
        return f"{words.count(shown, 'record')}."
    return f"{'The next' if goes_on else 'The first'} {words.count(shown, 'record')}{', and more below' if following else ''}."
