"""What staff decide about a record, what may be recorded on it, and which hold stops its letters."""

import uuid
from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.thresholds.plans.activities.activity import DEFAULT, Activity
from services.thresholds.records.history.changes import changes
from services.thresholds.records.holds.hold import Hold, hold_on
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen
from services.thresholds.records.star_records.decisions import UndecidableError, action_of, decide
from services.thresholds.records.star_records.record import Record
from shared.attendance.calendar import SchoolCalendar, Term
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


def test_what_may_be_recorded() -> None:
    hui = Activity("hui", "Hui", "meeting-with-whanau", (10, 15))
    fax = Activity("fax", "Fax", "written-communication", retired=True)
    assert chosen([hui, fax], "hui", 10) is hui
    assert chosen([hui, fax], "hui", None) is hui
    for key, threshold, kind in (("hui", 5, "activity-not-offered"), ("fax", 10, "activity-not-offered"), ("tea", 10, "unknown-activity")):
        with pytest.raises(UnrecordableError) as error:
            chosen([hui, fax], key, threshold)  # type: ignore[arg-type]
        assert error.value.kind == kind
    assert [chosen(DEFAULT, activity.activity, 5) for activity in DEFAULT] == list(DEFAULT)
    check("meeting-with-whanau", DAY, None, DAY)
    check("no-action-reason-recorded", DAY, "in hospital", DAY)
    for standard, day, note, kind in (
        ("meeting-with-whanau", date(2026, 11, 21), None, "future-date"),
        ("no-action-reason-recorded", DAY, None, "note-missing"),
        ("no-action-reason-recorded", DAY, "", "note-missing"),
    ):
        with pytest.raises(UnrecordableError) as error:
            check(standard, day, note, DAY)
        assert error.value.kind == kind


def test_which_hold_stops_a_letter() -> None:
    student, other = uuid.UUID(int=1), uuid.UUID(int=2)
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    all_letters = Hold(
        id=uuid.UUID(int=9),
        school="0999",
        student="1",
        student_id=student,
        term="2026-T4",
        threshold=None,
        reason="in hospital",
        until=None,
        held_by="dean",
        held_at=moment,
    )
    at_ten = replace(all_letters, threshold=10, until=DAY)
    both = [all_letters, at_ten]
    calendar = SchoolCalendar(terms=(Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),))
    assert hold_on(both, student, "2026-T4", 5, DAY, calendar) is all_letters
    assert hold_on(both, student, "2026-T4", 10, DAY, calendar) is at_ten
    assert hold_on(both, student, "2026-T4", 10, date(2026, 11, 21), calendar) is all_letters
    assert hold_on([at_ten], student, "2026-T4", 10, date(2026, 11, 21), calendar) is None
    assert hold_on([at_ten], student, "2026-T4", None, DAY, calendar) is None
    assert hold_on(both, student, "2027-T1", 10, DAY, calendar) is None
    assert hold_on(both, other, "2026-T4", 10, DAY, calendar) is None
    lifted = replace(all_letters, lifted_by="dean", lifted_at=moment)
    assert hold_on([lifted], student, "2026-T4", 5, DAY, calendar) is None
    # Without a day, a hold ends with its term.
    assert hold_on([all_letters], student, "2026-T4", 5, date(2026, 12, 18), calendar) is all_letters
    assert hold_on([all_letters], student, "2026-T4", 5, date(2026, 12, 19), calendar) is None
    unknown = replace(all_letters, term="2030-T1")
    assert hold_on([unknown], student, "2030-T1", 5, date(2026, 12, 19), calendar) is unknown
