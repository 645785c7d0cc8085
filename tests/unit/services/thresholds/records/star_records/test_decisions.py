"""Staff's decisions about a record, and their history."""

import uuid
from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.thresholds.records.history.changes import changes
from services.thresholds.records.star_records.decisions import UndecidableError, action_of, decide
from services.thresholds.records.star_records.record import Record
from shared.identifiers import SchoolNumber

OPEN = Record(
    id=uuid.UUID(int=1),
    school=SchoolNumber("0999"),
    student="1",
    student_id=uuid.UUID(int=2),
    term="2026-T4",
    threshold=5,
    origin="crossing",
    sequence=1,
    absent_half_days=10,
    crossed_on=date(2026, 10, 16),
    status="open",
    outcome=None,
    assigned_to="Dean",
    due_on=None,
    reason=None,
    created_at=datetime(2026, 10, 16, tzinfo=UTC),
    updated_at=datetime(2026, 10, 16, tzinfo=UTC),
)
CLOSED = replace(OPEN, status="closed", outcome="referred")
DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("before", "asked", "expected"),
    [
        (OPEN, {"status": "closed"}, ("closed", None, "Dean", None)),
        (OPEN, {"status": "closed", "outcome": "other"}, ("closed", "other", "Dean", None)),
        (OPEN, {"outcome": None}, ("open", None, "Dean", None)),
        (CLOSED, {"outcome": "other"}, ("closed", "other", "Dean", None)),
        (CLOSED, {"outcome": None}, ("closed", None, "Dean", None)),
        (CLOSED, {"status": "closed"}, ("closed", "referred", "Dean", None)),
        (CLOSED, {"status": "open"}, ("open", None, "Dean", None)),
        (CLOSED, {"status": "open", "assigned_to": None}, ("open", None, None, None)),
        (OPEN, {"due_on": date(2026, 10, 16)}, ("open", None, "Dean", date(2026, 10, 16))),
    ],
)
def test_what_is_decided(before: Record, asked: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert astuple(decide(before, asked)) == expected


@pytest.mark.parametrize(
    ("before", "asked", "kind"),
    [
        (replace(OPEN, status="withdrawn"), {"status": "open"}, "record-withdrawn"),
        (OPEN, {"outcome": "other"}, "outcome-of-open-record"),
        (CLOSED, {"status": "open", "outcome": "other"}, "outcome-of-open-record"),
        (OPEN, {"due_on": date(2026, 10, 15)}, "due-before-crossing"),
    ],
)
def test_what_does_not_go_together(before: Record, asked: dict[str, Any], kind: str) -> None:
    with pytest.raises(UndecidableError) as error:
        decide(before, asked)
    assert error.value.kind == kind


def test_changes_are_told_field_by_field() -> None:
    before = {"status": "open", "due_on": date(2026, 11, 2), "note": None}
    changed = changes(before, {"status": "closed", "due_on": None, "note": None, "outcome": "other"})
    assert changed == {"status": ("open", "closed"), "due_on": ("2026-11-02", None), "outcome": (None, "other")}
    assert action_of(changed) == "closed"
    assert action_of(changes({"status": "closed", "outcome": "referred"}, {"status": "open", "outcome": None})) == "reopened"
    assert action_of(changes({"status": "closed", "outcome": "referred"}, {"outcome": None})) == "changed"
