"""What staff decide about a STAR record: its status, what came of it, who sees to it, and by when. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.thresholds.records.history.changes import HistoryAction

DECIDED: Final = ("status", "outcome", "assigned_to", "due_on")


class UndecidableError(ValueError):
    """A decision that does not go together. `kind` is stable, for the problem's type."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def decided(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The four fields after `asked`, which names some of them. Raises UndecidableError."""
    if before["status"] == "withdrawn":
        raise UndecidableError("record-withdrawn", "corrected marks have withdrawn this record")
    after = {name: asked.get(name, before[name]) for name in DECIDED}
    if after["status"] == "open":
        if asked.get("outcome") is not None:
            raise UndecidableError(
                "outcome-of-open-record", "only a closed record has an outcome: close it with the outcome, in one request"
            )
        after["outcome"] = None
    check_due(asked.get("due_on"), before["crossed_on"])
    return after


def check_due(due_on: date | None, crossed_on: date) -> None:
    """Raises UndecidableError for a due day before the crossing."""
    if due_on is not None and due_on < crossed_on:
        raise UndecidableError("due-before-crossing", "due_on lies before the record's crossed_on")


def action_of(changed: Mapping[str, tuple[Any, Any]]) -> HistoryAction:
    """What a change of these fields is called."""
    if "status" not in changed:
        return "changed"
    return "closed" if changed["status"][1] == "closed" else "reopened"
