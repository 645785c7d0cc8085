"""A row of students as the student that the REST door takes. The door's own rules judge the row, not this reader."""

import re
from collections.abc import Sequence
from typing import Final

from services.ingest.csv_import.columns import CAREGIVER_PARTS, MOST_CAREGIVERS, REMARK, Columns
from services.ingest.csv_import.date_order import DateOrder
from services.ingest.students.schemas import LONGEST_WORDS
from services.ingest.tables import values
from services.ingest.tables.identifiers import Keys, unspoilt
from services.ingest.tables.records import cell
from shared.correspondents import said_in, shortened

_SAID_BY_BLANKS: Final = frozenset({"status", "role", "relationship", "postal_address"})
"""Words of a caregiver: an empty cell says that there are none, and only a file without the column leaves them as they were."""

_DATES: Final = ("starts_on", "leaves_on")
_GROUPS: Final = re.compile(r"[;,|]")


class StudentRows:
    """Reads the rows of one file."""

    def __init__(self, columns: Columns, keys: Keys) -> None:
        self._keys = keys
        self.order = DateOrder()
        self._places = columns.places
        self._width = columns.width
        parts = [[(part, columns.places.get(f"caregiver_{number}_{part}")) for part in CAREGIVER_PARTS] for number in _numbers()]
        self._caregivers = [[(part, place) for part, place in caregiver if place is not None] for caregiver in parts]
        self._remarks = [_remarks(columns, number) for number in _numbers()]
        self.student = ""

    def look(self, cells: Sequence[str]) -> None:
        """Takes the dates of a row into account."""
        for field in _DATES:
            self.order.see(cell(cells, self._places.get(field)))

    def read(self, cells: Sequence[str]) -> dict[str, object]:
        """The row's student; the key is then in `student`. Raises ValueError, whose text quotes no cell."""
        self.look(cells)
        if len(cells) > self._width and any(cells[self._width :]):
            raise ValueError("more cells than the header: is a delimiter inside a cell without quotes?")
        fields = {
            field: text for field in self._places if (text := cell(cells, self._places[field])) and not field.startswith("caregiver_")
        }
        self.student = ""
        for field, repair in (("student", self._keys.key), ("nsn", _nsn)):
            if field in fields:
                try:
                    fields[field] = repair(fields[field])
                except ValueError as error:
                    raise ValueError(f"{field}: {error}") from None
        self.student = fields.get("student", "")
        student: dict[str, object] = dict(fields)
        if "year_level" in fields:
            student["year_level"] = values.year_level(fields["year_level"])
        for field in _DATES:
            if field in self._places:
                student[field] = values.day_or_none(fields.get(field, ""), field)
        if "attends" in self._places:
            student["attends"] = values.attends(fields.get("attends", ""))
        if "groups" in fields:
            student["groups"] = [group.strip() for group in _GROUPS.split(fields["groups"]) if group.strip()]
        if any(self._caregivers):
            student["caregivers"] = [
                person
                for places, remarks in zip(self._caregivers, self._remarks, strict=True)
                if (person := self._caregiver(cells, places, remarks))
            ]
        return student

    def _caregiver(self, cells: Sequence[str], places: Sequence[tuple[str, int]], remarks: Sequence[tuple[str, int]]) -> dict[str, object]:
        person: dict[str, object] = {part: text for part, place in places if (text := cell(cells, place)) or part in _SAID_BY_BLANKS}
        if "notify" in person:
            person["notify"] = values.yes(str(person["notify"]))
        if "phone" in person:
            person["phone"] = _phone(str(person["phone"]))
        if said := [words for title, place in remarks if (words := said_in(title, cell(cells, place)))]:
            person["status"] = shortened("; ".join(filter(None, [str(person.get("status", "")), *said])), LONGEST_WORDS)
        # A language or a choice without anybody it could be of: the columns of a caregiver the student does not have.
        return person if person.keys() & {"name", "email", "phone"} else {}


def _remarks(columns: Columns, number: int) -> list[tuple[str, int]]:
    """The columns of a caregiver that may restrict contact, each with its title. Their words stand beside the caregiver's status."""
    start = f"caregiver_{number}_{REMARK}"
    return [(field.removeprefix(start), place) for field, place in columns.places.items() if field.startswith(start)]


def _numbers() -> range:
    return range(1, MOST_CAREGIVERS + 1)


def _nsn(text: str) -> str:
    return unspoilt(text.replace(" ", ""))


def _phone(text: str) -> str:
    """A number without the decimals of a spreadsheet. One that is rounded can't be rung: it is left for the school to see."""
    try:
        return unspoilt(text) if text.endswith(".0") else text
    except ValueError:
        return text
