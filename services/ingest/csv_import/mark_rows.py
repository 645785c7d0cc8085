"""A row of marks as the mark that the REST door takes. The door's own rules judge the row, not this reader."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from services.ingest.csv_import.columns import HALF_DAYS, Columns, is_wide
from services.ingest.csv_import.date_order import DateOrder
from services.ingest.tables import values
from services.ingest.tables.identifiers import Keys
from services.ingest.tables.records import cell

_encoder: Final = msgspec.json.Encoder()


class MarkRows:
    """Reads the rows of one file. `recorded_at` is the moment of rows that say none; `zone` that of times without an offset."""

    def __init__(self, columns: Columns, zone: ZoneInfo, recorded_at: str, keys: Keys | None = None) -> None:
        place = columns.places.get
        self._student, self._date = columns.places["student"], columns.places["date"]
        self._session, self._slot, self._code, self._minutes = place("session"), place("slot"), place("code"), place("minutes")
        self._moment = place("recorded_at")
        self._counts = [(name, columns.places[name]) for name in HALF_DAYS] if all(name in columns.places for name in HALF_DAYS) else []
        self._wide = [(_place(field), place) for field, place in sorted(columns.places.items()) if is_wide(field)]
        self._keys = keys or Keys()
        self.order = DateOrder()
        self._width = columns.width
        self._zone = zone
        self._recorded_at = recorded_at
        self.student = ""
        self.day = ""

    def look(self, cells: Sequence[str]) -> None:
        """Takes the dates of a row into account."""
        self.order.see(cell(cells, self._date))
        self.order.see(cell(cells, self._moment))

    def read(self, cells: Sequence[str]) -> list[Raw]:
        """The row's marks, as JSON; its student and day are then in `student` and `day`. Raises ValueError, whose text quotes no cell."""
        self.look(cells)
        if len(cells) > self._width and any(cells[self._width :]):
            raise ValueError("more cells than the header: is a delimiter inside a cell without quotes?")
        self.day = ""
        self.student = ""
        try:
            self.student = student = self._keys.key(cell(cells, self._student))
        except ValueError as error:
            raise ValueError(f"student: {error}") from None
        try:
            self.day = day = values.day(cell(cells, self._date))
        except ValueError:
            raise ValueError(f"date: {values.DAY_FORMS}") from None
        moment = self._recorded_at
        if text := cell(cells, self._moment):
            try:
                moment = values.moment(text, self._zone)
            except ValueError:
                raise ValueError(f"recorded_at: {values.MOMENT_FORMS}") from None
        start: dict[str, object] = {"student": student, "date": day}
        marks = self._day(start, cells) if self._wide else [self._mark(start, cells)]
        return [Raw(_encoder.encode(mark | {"recorded_at": moment})) for mark in marks]

    def _day(self, start: dict[str, object], cells: Sequence[str]) -> list[dict[str, object]]:
        """A mark for each session or slot that has a code: an empty cell says nothing."""
        marks = [start | place | {"code": _code(text)} for place, column in self._wide if (text := cell(cells, column))]
        counted = dict(start)
        self._count(counted, cells)
        if "half_days" in counted:
            marks.append(counted)
        if not marks:
            raise ValueError("code: the row has none")
        return marks

    def _mark(self, start: dict[str, object], cells: Sequence[str]) -> dict[str, object]:
        mark = dict(start)
        if text := cell(cells, self._session):
            mark["session"] = values.session(text)
        if text := cell(cells, self._slot):
            mark["slot"] = values.slot(text)
        if text := cell(cells, self._code):
            mark["code"] = _code(text)
        if text := cell(cells, self._minutes):
            mark["minutes"] = values.number(text)
        if self._counts:
            self._count(mark, cells)
        return mark

    def _count(self, mark: dict[str, object], cells: Sequence[str]) -> None:
        counts = {name: text for name, place in self._counts if (text := cell(cells, place))}
        if counts and all(text.casefold() == values.TAKEN_BACK for text in counts.values()):
            mark["half_days"] = None
        elif counts:
            mark["half_days"] = {name: values.number(text) for name, text in counts.items()}


def _code(text: str) -> str | None:
    """A code as people type it, too: a small letter means the same. Null for a mark that is taken back."""
    if text.casefold() == values.TAKEN_BACK:
        return None
    return text.upper() if len(text) == 1 else text


def _place(field: str) -> dict[str, object]:
    """The place in the day that a wide column stands for."""
    return {"session": field.upper()} if field in {"am", "pm"} else {"slot": int(field.removeprefix("slot_"))}
