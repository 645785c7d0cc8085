"""The form of a response. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field, model_validator

from services.console.frame.forms import Form, FormOnce


class ResponseForm(FormOnce):
    """A response to one record or to several; `close` with its outcome, and the day of the next step, are for the role `manage`."""

    record: list[UUID] = Field(default=[], title="The record")
    activity: str = Field(title="What was done")
    occurred_on: date = Field(title="The day")
    staff: str = Field(title="Who did it", max_length=200)
    note: str | None = Field(default=None, title="The note", max_length=2_000)
    due_on: date | None = Field(default=None, title="The day of the next step")
    outcome: str | None = None
    back: str = "today"

    @model_validator(mode="after")
    def _names_a_record(self) -> "ResponseForm":
        if not self.record:
            raise ValueError("choose a student first")
        return self

    @property
    def decision(self) -> dict[str, str]:
        """The change of the record that goes with it."""
        changes: dict[str, str] = {}
        if self.due_on is not None:
            changes["due_on"] = self.due_on.isoformat()
        if self.outcome is not None:
            changes |= {"status": "closed", "outcome": self.outcome}
        return changes

    def items(self) -> list[dict[str, str | None]]:
        """The items of a request for many responses, a record each."""
        common = {"activity": self.activity, "occurred_on": self.occurred_on.isoformat(), "staff": self.staff, "note": self.note}
        return [{"record": str(record), **common} for record in self.record]


class ReopenForm(Form):
    """A closed record to open again."""

    record: UUID
    back: str = "today"


def before_of(body: ResponseForm, records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The fields of an undoing that put these records back as they were before the form."""
    before = [("reopen", "true")] if body.outcome is not None else []
    if body.due_on is not None:
        days = {record["id"]: record["due_on"] if record["due"] == "by-hand" else "" for record in records}
        before += [("due", f"{record}:{days[str(record)]}") for record in body.record if str(record) in days]
    return before


class UndoForm(Form):
    """Responses to take back, as `record:response`; `reopen` says that their records were closed with them, and `due` has the days of the
    next step that were there before, as `record:day`, without a day where it follows from the school's rule."""

    response: list[str] = Field(default=[])
    reopen: bool = False
    due: list[str] = Field(default=[])
    back: str = "today"

    def pairs(self) -> list[tuple[UUID, UUID]]:
        """The ids. Raises ValueError for what is no pair of ids."""
        return [(UUID(record), UUID(response)) for record, _, response in (pair.partition(":") for pair in self.response)]

    def decisions(self) -> dict[UUID, dict[str, str | None]]:
        """The change that puts each record back as it was. Raises ValueError for what is no id or day."""
        changes: dict[UUID, dict[str, str | None]] = {record: {"status": "open"} for record, _ in self.pairs()} if self.reopen else {}
        for record, _, day in (pair.partition(":") for pair in self.due):
            changes.setdefault(UUID(record), {})["due_on"] = date.fromisoformat(day).isoformat() if day else None
        return changes
