"""Flat tables as files: CSV, and Parquet where pyarrow is installed. Rows are written as they come; none is kept."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, Final, Literal, Protocol

from shared.flat_tables.table import FlatTable, Kind, Row, Value
from shared.web.spreadsheet import Cell, csv_lines

Format = Literal["csv", "parquet"]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}


class NoParquetError(Exception):
    """This installation can't write Parquet: install star-engine[parquet], or take CSV."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class TableFile(Protocol):
    """A file of one table that is being written."""

    def write(self, rows: Sequence[Row]) -> None:
        """Adds rows."""

    def close(self) -> None:
        """Writes what stands at the end. The file itself stays open."""


def table_file(form: Format, table: FlatTable, file: IO[bytes]) -> TableFile:
    """Begins a file. Raises NoParquetError."""
    return _Csv(table, file) if form == "csv" else _Parquet(table, file)


class _Csv:
    def __init__(self, table: FlatTable, file: IO[bytes]) -> None:
        self._table, self._file = table, file
        file.write(csv_lines([[column.name for column in table.columns]]))

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write(csv_lines([[_text(value) for value in self._table.cells(row)] for row in rows]))

    def close(self) -> None:
        """Nothing stands at the end."""


class _Parquet:
    def __init__(self, table: FlatTable, file: IO[bytes]) -> None:
        # An extra: it weighs as much as everything else together, and most installations never write such a file.
        try:
            import pyarrow as arrow  # noqa: PLC0415
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise NoParquetError from error
        types: dict[Kind, Callable[[], Any]] = {
            "text": arrow.string,
            "integer": arrow.int64,
            "number": arrow.float64,
            "boolean": arrow.bool_,
            "date": arrow.date32,
            "time": lambda: arrow.timestamp("us", tz="UTC"),
        }
        fields = [
            arrow.field(column.name, types[column.kind](), nullable=column.optional, metadata={"description": column.meaning})
            for column in table.columns
        ]
        self._table, self._arrow = table, arrow
        self._schema = arrow.schema(fields, metadata={"description": table.meaning})
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        columns = zip(*map(self._table.cells, rows), strict=True) if rows else [() for _ in self._table.columns]
        arrays = [self._arrow.array(values, type=field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _text(value: Value) -> Cell:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return value
