"""A document in pieces: its header, and the elements of its sections one by one, whichever format it is in."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from services.ingest.kamar.values import Value, integer, rows, text
from shared.identifiers import school_number

ROOT: Final = "smsdirectorydata"
WANTED: Final = frozenset({"students", "attendance", "pastoral"})
"""The sections whose elements are read; those of others are only counted."""

DEEPEST: Final = 24
MOST_PARTS: Final = 50_000
MOST_TEXT: Final = 2 * 1024 * 1024
"""Bounds on one element. A real one has at most some hundred parts; without bounds, one could fill the memory."""

MOST_SCHOOLS: Final = 50


class BrokenDocumentError(Exception):
    """The document can't be read on from here. The message says why, and nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a section. `fields` is None for one that is not wanted, or that is at fault: then `problem` says how."""

    section: str
    fields: dict[str, Value] | None
    problem: str | None = None


@dataclass
class Header:
    """The document's head."""

    sync: str | None = None
    datetime: Value = None
    version: str | None = None
    schools: list[Value] | None = None

    def put(self, name: str, value: Value) -> None:
        """Takes a member of the document's top level; unknown ones are passed over."""
        match name:
            case "sync":
                self.sync = (text(value, 40) or "").lower() or None
            case "datetime":
                self.datetime = value
            case "version":
                self.version = text(value, 40)
            case "schools":
                self.schools = rows(value)[:MOST_SCHOOLS]

    def school_numbers(self) -> dict[int | None, str]:
        """The padded number of each school in the document, by its index there. Schools without a readable number are left out."""
        numbers: dict[int | None, str] = {}
        for place, school in enumerate(self.schools or [], start=1):
            if not isinstance(school, dict):
                continue
            code = school.get("moecode")
            try:
                number = school_number(text(code) or "")
            except ValueError:
                continue
            index = integer(school.get("schoolindex") or school.get("index"))
            numbers[place if index is None else index] = number
        return numbers


class Reader(Protocol):
    """Reads one document; both formats' readers look like this."""

    header: Header
    ended: bool
    """Whether the document was read to its proper end."""

    def feed(self, data: bytes) -> None:
        """Reads on. Raises BrokenDocumentError; what came before the fault can still be taken."""

    def take(self) -> list[Element]:
        """The elements completed since the last call."""


@dataclass
class Measure:
    """The rest of an element's bounds."""

    parts: int = field(default=MOST_PARTS)
    characters: int = field(default=MOST_TEXT)

    def problem(self, depth: int, length: int) -> str | None:
        """Counts one more part; answers which bound it breaks."""
        self.parts -= 1
        self.characters -= length
        if depth > DEEPEST:
            return "nested too deep"
        return "too large" if self.parts < 0 or self.characters < 0 else None
