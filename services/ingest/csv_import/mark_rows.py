"""A row of marks as the mark that the REST door takes. The door's own rules judge the row, not this reader."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from services.ingest.csv_import import values
from services.ingest.csv_import.columns import HALF_DAYS, Columns
from services.ingest.csv_import.records import cell

_encoder: Final = msgspec.json.Encoder()


class MarkRows:
    """Reads the rows of one file. `recorded_at` is the moment of rows that say none; `zone` that of times without an offset."""

    def __init__(self, columns: Columns, zone: ZoneInfo, recorded_at: str) -> None:
        place = columns.places.get
        self._student, self._date = columns.places["student"], columns.places["date"]
        self._session, self._slot, self._code, self._minutes = place("session"), place("slot"), place("code"), place("minutes")
        self._moment = place("recorded_at")
        self._counts = [(name, columns.places[name]) for name in HALF_DAYS] if all(name in columns.places for name in HALF_DAYS) else []
        self._width = columns.width
        self._zone = zone
        self._recorded_at = recorded_at
        self.student = ""
        self.day = ""

    def read(self, cells: Sequence[str]) -> Raw:
        """The row's mark, as JSON; its student and day are then in `student` and `day`. Raises ValueError, whose text quotes no cell."""
        if len(cells) > self._width and any(cells[self._width :]):
            raise ValueError("more cells than the header: is a delimiter inside a cell without quotes?")
        self.day = ""
        self.student = student = cell(cells, self._student)
        try:
            self.day = day = values.day(cell(cells, self._date))
        except ValueError:
            raise ValueError(f"date: {values.DAY_FORMS}") from None
        mark: dict[str, object] = {"student": student, "date": day}
        if text := cell(cells, self._session):
            mark["session"] = values.session(text)
        if text := cell(cells, self._slot):
            mark["slot"] = values.slot(text)
        if text := cell(cells, self._code):
            mark["code"] = None if text.casefold() == values.TAKEN_BACK else text
        if text := cell(cells, self._minutes):
            mark["minutes"] = values.number(text)
        if self._counts:
            self._count(mark, cells)
        mark["recorded_at"] = self._recorded_at
        if text := cell(cells, self._moment):
            try:
                mark["recorded_at"] = values.moment(text, self._zone)
            except ValueError:
                raise ValueError(f"recorded_at: {values.MOMENT_FORMS}") from None
        return Raw(_encoder.encode(mark))

    def _count(self, mark: dict[str, object], cells: Sequence[str]) -> None:
        counts = {name: text for name, place in self._counts if (text := cell(cells, place))}
        if counts and all(text.casefold() == values.TAKEN_BACK for text in counts.values()):
            mark["half_days"] = None
        elif counts:
            mark["half_days"] = {name: values.number(text) for name, text in counts.items()}
