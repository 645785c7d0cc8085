"""Marks that the door lets in, and the reason for each refusal."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from services.ingest.marks.batch import Batch, split
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, Timetable

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar(
    (TERM,), closed_days=frozenset({date(2026, 10, 26)}), timetables=(Timetable(None, (Slot(1, "Period 1", 60), Slot(2, "Period 2", 45))),)
)
NOW = datetime(2026, 10, 20, 0, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "student": "12345",
    "date": "2026-10-13",
    "session": "AM",
    "code": "M",
    "recorded_at": "2026-10-13T09:05:00+13:00",
}


def take(*marks: dict[str, Any], calendar: SchoolCalendar = CALENDAR, now: datetime = NOW) -> Batch:
    batch = Batch(calendar, CodeTable.load(), now, timedelta(minutes=5))
    batch.take_all(Raw(msgspec.json.encode(mark)) for mark in marks)
    return batch


def without(*fields: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (GOOD | changes).items() if name not in fields}


@pytest.mark.parametrize(
    "mark",
    [
        GOOD,
        GOOD | {"session": "PM", "code": "?"},
        GOOD | {"code": None},
        GOOD | {"code": "K"},
        without("session", slot=1),
        without("session", slot=2, minutes=45),
        without("session", "code", half_days={"unjustified": 1, "justified": 0, "present": 1}),
        without("session", "code", half_days=None),
        GOOD | {"recorded_at": "2026-10-20T00:05:00+00:00"},
        GOOD | {"date": "2026-10-20", "recorded_at": "2026-10-20T00:00:00Z"},
        GOOD | {"student": "a/b?c"},
    ],
)
def test_good_marks_are_let_in_as_they_came(mark: dict[str, Any]) -> None:
    batch = take(mark)
    assert batch.rejected == []
    assert [bytes(item) for item in batch.accepted] == [msgspec.json.encode(mark)]


@pytest.mark.parametrize(
    ("reason", "mark"),
    [
        ("unknown-code", GOOD | {"code": "B"}),
        ("unknown-code", GOOD | {"code": "m"}),
        ("unknown-code", GOOD | {"code": ""}),
        ("outside-term", GOOD | {"date": "2026-10-11"}),
        ("outside-term", GOOD | {"date": "2026-12-19"}),
        ("closed-day", GOOD | {"date": "2026-10-17"}),
        ("future-date", GOOD | {"date": "2026-10-21"}),
        ("future-date", GOOD | {"date": "2026-10-26"}),
        ("no-timetable", without("session", slot=3)),
        ("bad-field", without("session", slot=0)),
        ("bad-field", without("session", slot=21)),
        ("bad-field", without("session", slot=2, minutes=46)),
        ("bad-field", without("session", slot=2, minutes=0)),
        ("bad-field", GOOD | {"minutes": 10}),
        ("bad-field", GOOD | {"slot": 1}),
        ("bad-field", without("session")),
        ("bad-field", without("code")),
        ("bad-field", without("session", half_days={"unjustified": 1, "justified": 0, "present": 1})),
        ("bad-field", without("session", "code", half_days={"unjustified": 2, "justified": 1, "present": 0})),
        ("bad-field", without("session", "code", half_days={"unjustified": 3, "justified": 0, "present": 0})),
        ("bad-field", GOOD | {"session": "NOON"}),
        ("bad-field", GOOD | {"student": 12345}),
        ("bad-field", GOOD | {"student": ""}),
        ("bad-field", GOOD | {"student": "x" * 65}),
        ("bad-field", GOOD | {"student": "a\nb"}),
        ("bad-field", GOOD | {"date": "13/10/2026"}),
        ("bad-field", GOOD | {"date": "2026-02-30"}),
        ("bad-field", GOOD | {"recorded_at": "2026-10-13T09:05:00"}),
        ("bad-field", GOOD | {"recorded_at": "2026-10-20T00:05:01Z"}),
        ("bad-field", GOOD | {"recorded_at": "2024-10-13T00:00:00Z"}),
        ("bad-field", GOOD | {"reason": "sick"}),
    ],
)
def test_bad_marks_are_refused_with_their_reason(reason: str, mark: dict[str, Any]) -> None:
    batch = take(GOOD, mark)
    assert [(rejection.index, rejection.reason) for rejection in batch.rejected] == [(1, reason)]
    assert len(batch.accepted) == 1


def test_an_item_that_is_no_object_is_refused() -> None:
    batch = Batch(CALENDAR, CodeTable.load(), NOW, timedelta(minutes=5))
    batch.take_all([Raw(b"[]"), Raw(b"{"), Raw(b'"\xff"'), Raw(b"null")])
    assert [rejection.reason for rejection in batch.rejected] == ["bad-field"] * 4


def test_details_do_not_quote_the_mark() -> None:
    batch = take(GOOD | {"session": "Hemi Example"}, GOOD | {"student": "Hemi\tExample"})
    assert len(batch.rejected) == 2
    assert "Hemi" not in str(batch.rejected)


def test_two_words_for_one_slot_at_one_moment_are_refused() -> None:
    batch = take(GOOD, GOOD | {"code": "P"}, GOOD, GOOD | {"session": "PM", "code": "P"})
    assert [(rejection.index, rejection.reason) for rejection in batch.rejected] == [(1, "duplicate-slot")]
    assert len(batch.accepted) == 3


def test_the_same_moment_in_another_offset_is_the_same_moment() -> None:
    batch = take(GOOD, GOOD | {"code": "P", "recorded_at": "2026-10-12T20:05:00Z"})
    assert [rejection.reason for rejection in batch.rejected] == ["duplicate-slot"]


def test_today_is_the_schools_today() -> None:
    # 11:30 in the evening of the 19th, UTC, is noon of the 20th in Auckland.
    evening = datetime(2026, 10, 19, 23, 30, tzinfo=UTC)
    assert take(GOOD | {"date": "2026-10-20"}, now=evening).rejected == []
    assert take(GOOD | {"date": "2026-10-21"}, now=evening).rejected[0].reason == "future-date"


def test_split_keeps_order_and_loses_nothing() -> None:
    marks = [Raw(str(number).encode()) for number in range(1201)]
    chunks = list(split(marks, 500))
    assert [len(chunk) for chunk in chunks] == [500, 500, 201]
    assert [mark for chunk in chunks for mark in chunk] == marks


FEBRUARY = datetime(2027, 2, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (GOOD | {"date": "2027-02-08"}, None),
        # The timetable of a term that is not known yet is not known either.
        (without("session", slot=7, date="2027-02-08"), None),
        (GOOD | {"date": "2027-02-10"}, "outside-term"),
        (GOOD | {"date": "2026-10-11"}, "outside-term"),
        (GOOD | {"date": "2026-10-26"}, "closed-day"),
        (GOOD | {"date": "2027-02-08", "code": "%"}, "unknown-code"),
    ],
)
def test_marks_of_days_after_all_known_terms_wait_for_the_calendar(mark: dict[str, Any], reason: str | None) -> None:
    batch = Batch(CALENDAR, CodeTable.load(), FEBRUARY, timedelta(minutes=5), calendar_may_come=True)
    batch.take(0, Raw(msgspec.json.encode(mark)))
    assert [rejection.reason for rejection in batch.rejected] == ([reason] if reason else [])


def test_a_sender_that_can_send_again_is_told_at_once() -> None:
    assert [rejection.reason for rejection in take(GOOD | {"date": "2027-02-08"}, now=FEBRUARY).rejected] == ["outside-term"]
