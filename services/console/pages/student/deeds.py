"""Deeds about a student, and looks at them, in words and in order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.console.asking.part import Part
from services.console.frame import words

ACTIONS: Final = {
    "crossed": "{step} reached, by the marks",
    "retracted": "{step} taken back: marks were corrected",
    "opened": "Record opened by hand",
    "closed": "Record of {step} closed",
    "reopened": "Record of {step} opened again",
    "changed": "Record of {step} changed",
    "response-recorded": "Response recorded on the record of {step}",
    "response-changed": "Response put right on the record of {step}",
    "family-replied": "The family answered the letter about {step}",
    "response-withdrawn": "Response taken back from the record of {step}",
}
FIELDS: Final = {
    "due_on": "due day",
    "assigned_to": "assigned to",
    "activity": "activity",
    "label": "what was done",
    "occurred_on": "day",
    "staff": "by",
    "outcome": "outcome",
    "reason": "reason",
}
"""The fields whose values the page names; notes stay where they are."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A step of the history: its moment, in words and for sorting, the sentence, and the person."""

    at: str
    when: str
    sentence: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """The lines of the audit logs about the student that one person made within a minute: a page asks for many things at once."""

    when: str
    who: str
    what: str
    lines: int


def deeds_of(records: Sequence[Mapping[str, Any]], histories: Mapping[str, Part[Any]], zone: ZoneInfo) -> list[Deed]:
    """The steps of all records, newest first."""
    deeds = []
    for record in records:
        history = histories.get(record["id"])
        step = words.days(record["threshold"]) if record["threshold"] else "an own record"
        for one in history.data["items"] if history is not None and history.data else []:
            sentence = ACTIONS.get(one["action"], one["action"]).format(step=step)
            deeds.append(Deed(one["at"], words.moment(one["at"], zone), f"{sentence}{_changes(one['changes'])}.", one["by"]))
    return sorted(deeds, key=lambda deed: deed.at, reverse=True)


def looks_of(parts: Mapping[str, Part[Any]], zone: ZoneInfo) -> list[Look]:
    """The looks and changes in the logs of all services, newest first."""
    lines = [line for name, part in parts.items() if name.startswith("looks ") and part.data for line in part.data["items"]]
    found: dict[tuple[str, str], list[str]] = {}
    for line in sorted(lines, key=lambda line: str(line["at"]), reverse=True):
        found.setdefault((words.moment(line["at"], zone), line["subject"]), []).append(line["action"].replace("-", " "))
    return [Look(when, who, ", ".join(dict.fromkeys(actions)), len(actions)) for (when, who), actions in found.items()]


def _changes(changes: Mapping[str, Mapping[str, Any]]) -> str:
    named = [
        f"{FIELDS[field]} {_value(field, change['to'])}" for field, change in changes.items() if field in FIELDS and field != "activity"
    ]
    return f": {', '.join(named)}" if named else ""


def _value(field: str, value: Any) -> str:
    if value is None:
        return "none"
    if field in {"due_on", "occurred_on"}:
        return words.day(str(value))
    return words.outcome(str(value)) if field == "outcome" else str(value)
