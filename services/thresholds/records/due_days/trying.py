"""The records of some weeks by other due days. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.thresholds.records.due_days.rule import DueRule
from services.thresholds.records.star_records.record import Record

State = Literal["answered", "late", "overdue", "waiting", "closed", "no-day"]
"""A record by its due day. `answered`: in time; `late`: after it; `overdue`: not answered, and the day is over; `waiting`: the day is to
come; `closed`: without a response; `no-day`: none is due."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A record by the due days in force, and by others."""

    record: Record
    due_before: date | None
    due_after: date | None
    before: State
    after: State


def tried(record: Record, answered_on: date | None, in_force: DueRule, other: DueRule, today: date) -> Tried:
    """The record by both rules; a due day that was set by hand stays. `answered_on` is the day of its first response."""
    before, after = (record.due_on or rule.due_on(record.threshold, record.crossed_on) for rule in (in_force, other))
    return Tried(record, before, after, _state(record, answered_on, before, today), _state(record, answered_on, after, today))


def _state(record: Record, answered_on: date | None, due_on: date | None, today: date) -> State:
    if due_on is None:
        return "no-day"
    if answered_on is not None:
        return "answered" if answered_on <= due_on else "late"
    if record.status != "open":
        return "closed"
    return "overdue" if due_on < today else "waiting"
