"""A zip as exporters really make them into tables: in a folder or not, with a byte order mark or not, with other files beside.

Source: OneRoster CSV Tables 1.1 and 1.2 (a file a table, its name in lower camel case, its columns named in the first row).
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO, Final

from services.ingest.oneroster.errors import OneRosterError
from services.ingest.tables.errors import CsvError
from services.ingest.tables.records import CsvReader, Row, cell

EXPANDS_TO: Final = 256 * 1024 * 1024
"""Bytes of all tables of a zip that are read. The largest district of New Zealand has less than a half of it; more is a bomb."""

MOST_ROWS: Final = 1_000_000
"""Rows of one table: those of a district's 50,000 students in 20 classes each. Half a megabyte of a zip can hold a hundred million."""

MOST_COLUMNS: Final = 500
"""The widest table of the standard has 24, and exporters add a few of their own."""

PIECE: Final = 256 * 1024

READ: Final = ("orgs", "academicsessions", "users", "roles", "classes", "enrollments")
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]")
_CANT_BE_READ: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError, ValueError, struct.error)
"""The errors by which the library shows damage: bzip2's is an OSError; a name in no encoding, or a place before the file, a ValueError."""


class Line(dict[str, str]):
    """A row: its cells by column, the column's name without case and marks; a column that is not there is empty. `number` is its line,
    `titles` are the names of the columns as the file has them."""

    def __init__(self, number: int, cells: dict[str, str], titles: Mapping[str, str]) -> None:
        super().__init__(cells)
        self.number = number
        self.titles = titles

    def __missing__(self, column: str) -> str:
        return ""

    def several(self, column: str) -> list[str]:
        """The values of a cell that holds several, each once."""
        return list(dict.fromkeys(value for part in self[column].split(",") if (value := part.strip())))

    @property
    def is_deleted(self) -> bool:
        """Whether a delta says that it is no more; version 1.0 wrote `inactive`."""
        return self["status"].casefold() in {"tobedeleted", "inactive"}


class Archive:
    """The tables of one zip. Raises OneRosterError where it is none."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except _CANT_BE_READ as error:
            raise OneRosterError("this is no zip file") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        self.unread: list[str] = []
        for member in self._zip.infolist():
            self._add(member)
        if sum(member.file_size for member in self._members.values()) > EXPANDS_TO:
            raise OneRosterError("the tables expand to more than any roster")
        if "users" not in self._members:
            if any(name.lower().endswith(".zip") for name in self._zip.namelist()):
                raise OneRosterError("there is another zip in this one: send that")
            raise OneRosterError("there is no users.csv in the zip: is it a OneRoster CSV file?")
        self._properties = {line["propertyname"].casefold(): line["value"].casefold() for line in self.lines("manifest")}

    def has(self, table: str) -> bool:
        """Whether the zip has the table."""
        return table in self._members

    @property
    def version(self) -> str:
        """The version of the format, as in `1.2`."""
        return self._properties.get("oneroster.version") or ("1.2" if self.has("roles") else "1.1")

    @property
    def is_whole(self) -> bool:
        """Whether users.csv is all of the users. Where no manifest says so it is not: those whom it leaves out stay."""
        return self._properties.get("file.users") == "bulk" and self._properties.get("file.roles") != "delta"

    def has_all_of(self, table: str) -> bool:
        """Whether the zip has the table, and not only what changed in it."""
        return self.has(table) and self._properties.get(f"file.{table}", "bulk") != "delta"

    def lines(self, table: str) -> Iterator[Line]:
        """The rows of a table; none of one that is not there. Raises OneRosterError for a damaged one."""
        if table not in self._members:
            return
        name = self._members[table].filename
        columns: list[str] | None = None
        titles: dict[str, str] = {}
        rows = 0
        try:
            for number, cells in self._rows(table):
                if cells is None:
                    raise OneRosterError(f"{name}, line {number}: the quotes don't match")
                if columns is None:
                    columns = _columns_of(name, cells)
                    titles = dict(zip(columns, cells, strict=True))
                    continue
                rows += 1
                if rows > MOST_ROWS:
                    raise OneRosterError(f"{name} has more than {MOST_ROWS:,} rows: no roster has")
                # No more work than the row has cells, however many columns there are.
                texts = ((column, cell(cells, place)) for place, column in enumerate(columns[: len(cells)]))
                yield Line(number, {column: text for column, text in texts if text}, titles)
        except (*_CANT_BE_READ, RuntimeError) as error:
            raise OneRosterError(f"{name} can't be unpacked: is it damaged, or protected by a password?") from error
        except CsvError as error:
            raise OneRosterError(f"{name}: {error}") from error

    def _rows(self, table: str) -> Iterator[Row]:
        reader = CsvReader()
        with self._zip.open(self._members[table]) as file:
            while piece := file.read(PIECE):
                yield from reader.feed(piece)
        yield from reader.finish()

    def _add(self, member: zipfile.ZipInfo) -> None:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or path.suffix.lower() != ".csv" or any(part.startswith((".", "__", "~")) for part in path.parts):
            return
        table = _NOT_LETTERS.sub("", path.stem.casefold())
        if table in self._members:
            raise OneRosterError(f"{path.name} is there twice in the zip")
        if table in READ or table == "manifest":
            self._members[table] = member
        else:
            self.unread.append(path.name)


def _columns_of(name: str, cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise OneRosterError(f"{name} has more than {MOST_COLUMNS} columns: is it a table of OneRoster?")
    return [_NOT_LETTERS.sub("", column.casefold()) for column in cells]
