"""Students as the REST door takes them: dates on the roll, and sessions attended."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.ingest.students.batch import StudentBatch
from services.ingest.students.merging import merged
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def batch(**fields: Any) -> StudentBatch:
    taken = StudentBatch()
    taken.take(0, {"student": "1", "given_name": "Ana", "family_name": "Up"} | fields)
    return taken


def event(before: StudentUpdated | None = None, **fields: Any) -> StudentUpdated:
    (student,) = batch(**fields).accepted
    return merged(SchoolNumber("0999"), student, before, NOW)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-11-02", date(2026, 11, 2)),
        ("20261102", date(2026, 11, 2)),
        (20261102, date(2026, 11, 2)),
        ("2026-11-02T00:00:00", date(2026, 11, 2)),
        (None, None),
        ("", None),
        ("0", None),
        (0, None),
        ("0000-00-00", None),
        ("--", None),
        ("1900-01-01", None),
        ("1899-12-30T00:00:00", None),
        ("1970-01-01", None),
    ],
)
def test_dates_in_their_spellings(value: object, day: date | None) -> None:
    assert (event(starts_on=value).starts_on, event(leaves_on=value).leaves_on) == (day, day)


@pytest.mark.parametrize(
    "fields",
    [
        {"starts_on": "soon"},
        {"leaves_on": "2026-02-30"},
        {"leaves_on": True},
        {"attends": {"mon": ["MORNING"]}},
        {"attends": {"sat": ["AM"]}},
        {"attends": {}},
        {"attends": {"mon": []}},
    ],
)
def test_dates_and_sessions_that_are_none_are_refused(fields: dict[str, object]) -> None:
    (refused,) = batch(**fields).rejected
    assert refused.reason == "bad-field"


def test_sessions_are_passed_on() -> None:
    assert event(attends={"mon": ["AM", "PM"], "tue": ["AM"]}).attends == {"mon": ["AM", "PM"], "tue": ["AM"]}
    assert event().attends is None


def test_dates_and_sessions_that_are_left_out_stay_and_null_clears_them() -> None:
    before = event(starts_on="2026-02-02", leaves_on="2026-11-13", attends={"mon": ["AM"]})
    same = event(before)
    assert (same.starts_on, same.leaves_on, same.attends) == (date(2026, 2, 2), date(2026, 11, 13), {"mon": ["AM"]})
    cleared = event(before, leaves_on=None, attends=None)
    assert (cleared.starts_on, cleared.leaves_on, cleared.attends) == (date(2026, 2, 2), None, None)
