"""The staff's decisions about a STAR record: its status, its outcome, who sees to it, and its due day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.thresholds.records.history.changes import HistoryAction
from services.thresholds.records.star_records.record import Outcome, Record, RecordStatus
from shared.web.problem_types import ProblemKind


@dataclass(frozen=True, slots=True)
class Decision:
    """The fields of a record that are the staff's to decide."""

    status: RecordStatus
    outcome: Outcome | None
    assigned_to: str | None
    due_on: date | None


class UndecidableError(ValueError):
    """A decision that does not go together. `kind` is stable, for the problem's type."""

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def decision_of(record: Record) -> Decision:
    """The decision that stands."""
    return Decision(record.status, record.outcome, record.assigned_to, record.due_on)


def decide(record: Record, wishes: Mapping[str, Any]) -> Decision:
    """The decision after `wishes`, which name some of its fields. Raises UndecidableError."""
    if record.status == "withdrawn":
        raise UndecidableError("record-withdrawn", "corrected marks have withdrawn this record")
    decision = replace(decision_of(record), **wishes)
    if decision.status == "open":
        if wishes.get("outcome") is not None:
            raise UndecidableError(
                "outcome-of-open-record", "only a closed record has an outcome: close it with the outcome, in one request"
            )
        decision = replace(decision, outcome=None)
    check_due(wishes.get("due_on"), record.crossed_on)
    return decision


def check_due(due_on: date | None, crossed_on: date) -> None:
    """Raises UndecidableError for a due day before the crossing."""
    if due_on is not None and due_on < crossed_on:
        raise UndecidableError("due-before-crossing", "due_on lies before the record's crossed_on")


def action_of(changed: Mapping[str, tuple[Any, Any]]) -> HistoryAction:
    """The name that the history gives to a change of these fields."""
    if "status" not in changed:
        return "changed"
    return "closed" if changed["status"][1] == "closed" else "reopened"
