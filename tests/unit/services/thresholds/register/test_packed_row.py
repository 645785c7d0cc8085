"""The bytes of a row: the latest place first, in either form that is stored."""

from datetime import UTC, date, datetime, timedelta

from services.thresholds.register import packed_row
from shared.events.data import Mark

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def entry(day: int, session: str = "AM", code: str = "P", second: int = 0) -> bytes:
    when = NOON.replace(second=second)
    mark = Mark(student="1", date=date(2026, 10, day), session="AM" if session == "AM" else "PM", code=code, recorded_at=when)
    return packed_row.pack(mark, NOON)


def test_the_latest_place_stands_at_the_head_and_the_rest_stays_as_it_is() -> None:
    row = packed_row.merge(b"", [entry(12), entry(13), entry(12, "PM")])
    assert row == entry(13) + entry(12, "PM") + entry(12)
    assert packed_row.merge(row, [entry(14)]) == entry(14) + row
    assert packed_row.merge(row, [entry(12, "PM", "M", 1)]) == entry(13) + entry(12, "PM", "M", 1) + entry(12)
    assert packed_row.days_of(row) == (date(2026, 10, 12), date(2026, 10, 13))
    assert [(place.day.day, place.session) for place in packed_row.unpack(row)] == [(12, "AM"), (12, "PM"), (13, "AM")]


def test_a_row_tells_by_its_ends_in_which_order_it_was_stored() -> None:
    row = packed_row.merge(b"", [entry(12), entry(12, "PM"), entry(13), entry(14)])
    stored = entry(12) + entry(12, "PM") + entry(13) + entry(14)
    assert packed_row.turned(row) == stored
    assert packed_row.newest_first(stored) == row
    assert packed_row.newest_first(row) is row
    for short in (b"", entry(12)):
        assert packed_row.newest_first(short) == packed_row.turned(short) == short


def test_the_newest_word_may_be_about_an_old_day() -> None:
    assert packed_row.newest(packed_row.merge(b"", [entry(12, code="M", second=9), entry(15, second=3)])) == NOON.replace(second=9)


def test_a_word_received_once_more_is_no_newer_word_where_receipts_do_not_count() -> None:
    again = packed_row.pack(Mark(student="1", date=date(2026, 10, 12), session="AM", code="P", recorded_at=NOON), NOON + timedelta(hours=1))
    row = packed_row.merge(b"", [entry(12)])
    assert packed_row.merge(row, [again], receipts=False) is row
    assert packed_row.merge(row, [again]) == again
    other = packed_row.pack(Mark(student="1", date=date(2026, 10, 12), session="AM", code="M", recorded_at=NOON), NOON + timedelta(hours=1))
    assert packed_row.merge(row, [other], receipts=False) == other


def test_parts_of_a_row_by_day() -> None:
    row = packed_row.merge(b"", [entry(12, code="M"), entry(13), entry(13, "PM", "T"), entry(15)])
    assert packed_row.since(row, date(2026, 10, 13)) == entry(15) + entry(13, "PM", "T") + entry(13)
    assert packed_row.since(row, date(2026, 10, 14)) == entry(15)
    assert packed_row.since(row, date(2026, 10, 16)) == b""
    assert packed_row.since(row, date(2026, 10, 1)) == row
    by_day = packed_row.values_by_day(row)
    assert list(by_day) == [packed_row.number_of(date(2026, 10, day)) for day in (12, 13, 15)]
    for day in range(11, 17):
        assert packed_row.values_on(row, date(2026, 10, day)) == by_day.get(packed_row.number_of(date(2026, 10, day)), ())
    assert [[value >> 16 for value in values] for values in by_day.values()] == [
        [packed_row.AM],
        [packed_row.AM, packed_row.PM],
        [packed_row.AM],
    ]
