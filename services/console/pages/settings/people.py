"""Accounts, and the audit log: lines of all services together. Pure but for the asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.console.asking.part import Part
from services.console.people.person import ROLE_WORDS

MAY: Final = {
    "view": "Sees students, records and letters, and changes nothing.",
    "respond": "Also records responses.",
    "manage": "Also closes records, holds and releases letters, and has an upload built and sent.",
    "admin": "Also changes settings, templates, the plan and the school's data, and reads the audit log.",
}
"""Each role, with what it adds to the one before it."""

SERVICES: Final = {
    "ingest": "marks and rolls",
    "thresholds": "attendance and records",
    "notifier": "letters",
    "moe-sync": "the Ministry",
}
"""The four services as people know them."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has used the school's data."""

    subject: str
    role: str
    last: str
    lines: int


def accounts_of(parts: Sequence[Part[Any]]) -> list[Account]:
    """The accounts of all logs, the last seen first."""
    found: dict[tuple[str, str], Account] = {}
    for part in parts:
        for one in part.data["items"] if part.data else []:
            key = (one["subject"], one["role"])
            before = found.get(key)
            last = one["last_at"] if before is None else max(before.last, one["last_at"])
            lines = one["lines"] + (0 if before is None else before.lines)
            found[key] = Account(one["subject"], ROLE_WORDS.get(one["role"], one["role"]), last, lines)
    return sorted(found.values(), key=lambda account: account.last, reverse=True)


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the audit log of all services. `before` is the moment behind which the log goes on, None at its end."""

    items: list[dict[str, Any]]
    before: str | None


def lines_of(parts: Mapping[str, Part[Any]], most: int) -> Lines:
    """The lines of all logs, newest first, as far back as every log has been read."""
    lines = [{**line, "service": name} for name, part in parts.items() if part.data for line in part.data["items"]]
    lines.sort(key=lambda line: line["at"], reverse=True)
    ends = [part.data["items"][-1]["at"] for part in parts.values() if part.data and part.data["next"]]
    horizon = max(ends, default="")
    known = [line for line in lines if line["at"] > horizon] or lines
    shown = known[:most]
    # Lines of one moment stay together, as the next page begins behind it.
    shown += [line for line in known[most:] if line["at"] == shown[-1]["at"]]
    goes_on = bool(shown) and (len(shown) < len(lines) or bool(ends))
    return Lines(shown, shown[-1]["at"] if goes_on else None)


def action(name: str) -> str:
    """An action in words."""
    return name.replace("-", " ").capitalize()
