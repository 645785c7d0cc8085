"""Which codes the door takes for a day: those in use, and retired ones, which count as their successors."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from services.ingest.marks.batch import Batch
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable

CALENDAR = SchoolCalendar((Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),))
NOW = datetime(2026, 10, 20, 0, 0, tzinfo=UTC)


def reasons(code: str, codes: CodeTable) -> list[str]:
    mark = {"student": "1", "date": "2026-10-13", "session": "AM", "code": code, "recorded_at": "2026-10-13T09:05:00+13:00"}
    batch = Batch(CALENDAR, codes, NOW, timedelta(minutes=5))
    batch.take_all([Raw(msgspec.json.encode(mark))])
    return [rejection.reason for rejection in batch.rejected]


@pytest.mark.parametrize("code", "PLADIQMJUOEGT?X")
def test_current_codes_are_taken(code: str) -> None:
    assert reasons(code, CodeTable.load()) == []


@pytest.mark.parametrize("code", "CHKYZFNRSVW")
def test_retired_codes_are_taken_long_after_their_time(code: str) -> None:
    table = CodeTable.load()
    until = table.by_code[code].valid_until
    assert until is not None
    assert until < date(2026, 10, 13)
    assert reasons(code, table) == []


@pytest.mark.parametrize("code", ["B", "m", "", "@", "PP"])
def test_others_are_refused(code: str) -> None:
    assert reasons(code, CodeTable.load()) == ["unknown-code"]


def test_a_code_outside_its_dates_without_a_successor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    for dates, expected in [
        ("until = 2026-10-12", ["unknown-code"]),
        ("until = 2026-10-13", []),
        ("from = 2026-10-14", ["unknown-code"]),
        ("from = 2026-10-13", []),
    ]:
        path.write_text(f'[[code]]\ncode = "B"\nmeaning = "New"\nclass = "present"\n{dates}\n')
        assert reasons("B", CodeTable.load(path)) == expected
