"""Addresses of lists: the filters live in them, so that a list can be sent to a colleague. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Address:
    """A path with its filters; those that are None, False or empty are left out."""

    path: str
    filters: Mapping[str, Any]

    def having(self, **changes: Any) -> str:
        """The same list with other filters, from its beginning unless a `cursor` is named."""
        return _address(self.path, {**self.filters, "cursor": None, **changes})

    @property
    def query(self) -> str:
        """The filters alone, for a page that leads back to this list."""
        return urlencode(_kept(self.filters), doseq=True)

    def __str__(self) -> str:
        return _address(self.path, self.filters)


@dataclass(frozen=True, slots=True)
class Sorted:
    """The column that a list is sorted by."""

    name: str
    down: bool

    @classmethod
    def read(cls, sort: str) -> "Sorted":
        """Reads `-absent_days` as downwards by that column."""
        return cls(sort.removeprefix("-"), sort.startswith("-"))

    def toggled(self, name: str, *, first_down: bool = False) -> str:
        """The order that a click on a column's heading asks for."""
        down = not self.down if self.name == name else first_down
        return f"-{name}" if down else name


def _kept(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "true" if value is True else value for name, value in filters.items() if value not in (None, False, "", [])}


def _address(path: str, filters: Mapping[str, Any]) -> str:
    query = urlencode(_kept(filters), doseq=True)
    return f"{path}?{query}" if query else path
