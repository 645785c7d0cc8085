"""Responses that may be recorded."""

from datetime import date

import pytest

from services.thresholds.plans.activities.activity import DEFAULT, Activity
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen

DAY = date(2026, 11, 20)


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
