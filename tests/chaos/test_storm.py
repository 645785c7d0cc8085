"""The two-minute form: four faults, and the checker's own arithmetic."""

import json
from pathlib import Path

import pytest

from tests.chaos.checker import Report, expected_totals, longest_pause
from tests.chaos.faults import FAULTS
from tests.chaos.storm import storm


@pytest.mark.kafka
@pytest.mark.timeout(900)
def test_nothing_is_lost_said_twice_or_hangs_in_a_storm_of_two_minutes(tmp_path: Path) -> None:
    lines: list[str] = []
    report = storm(tmp_path, 2, list(FAULTS)[:4], lines.append, at_least=4)
    print("\n".join([*lines, *report.lines()]))
    assert report.accepted > 100
    assert report.crossings[1] > 0
    assert report.failures() == []


def test_the_newest_accepted_mark_of_a_half_day_counts(tmp_path: Path) -> None:
    def mark(code: str, at: str, session: str = "AM") -> dict[str, str]:
        return {"student": "100", "date": "2026-10-13", "session": session, "code": code, "recorded_at": at}

    log = tmp_path / "client.jsonl"
    taken = {"kind": "marks", "status": 202, "school": "3001", "at": 1.0}
    lines = [
        {**taken, "marks": [mark("M", "2026-10-13T09:00:00"), mark("M", "2026-10-13T09:00:00", "PM")]},
        {**taken, "marks": [mark("P", "2026-10-13T09:01:00")]},
        {"kind": "marks", "status": 503, "at": 2.0},
    ]
    log.write_text("\n".join(map(json.dumps, lines)))
    assert expected_totals([log]) == (3, {"3001": {"100": 1}})


def test_the_longest_pause_begins_and_ends_with_the_span() -> None:
    assert longest_pause([1.0, 2.0, 7.0], 0.0, 8.0) == 5.0
    assert longest_pause([], 3.0, 8.0) == 5.0


def test_a_report_fails_for_what_must_not_be() -> None:
    well = Report()
    well.crossings[1], well.letters[1], well.uploads["accepted"] = 5, 4, 1
    well.crossings[0] = well.webhooks[0] = 0
    assert well.failures() == []
    well.crossings[2] = 1
    well.letters[0] = 1
    well.uploads["refused"] = 1
    assert len(well.failures()) == 3
