"""The quick way of marks that count no absence: it says what the whole row gives, or leaves the row to be folded."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository.heads import ENTRIES
from services.thresholds.register.uncounted import UNCHANGED
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
FOLDER = Folder(CodeTable.load())
PLAIN = SchoolCalendar((TERM,), closed_days=frozenset({date(2026, 10, 15)}))
PERIODS = replace(PLAIN, timetables=(Timetable(None, tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))),))
HEAD = ENTRIES * packed_row.ENTRY

# Some days lie outside of the term; few days and moments, so that marks meet.
days = st.integers(-2, 20).map(lambda number: TERM.start + timedelta(days=number))
moments = st.integers(0, 2).map(lambda number: NOW - timedelta(minutes=number))
codes = st.sampled_from([*"PPPPLM?TX", None])
marks = st.one_of(
    st.builds(
        lambda day, at, session, code: Mark("1", day, at, session=session, code=code), days, moments, st.sampled_from(["AM", "PM"]), codes
    ),
    st.builds(lambda day, at, slot, code: Mark("1", day, at, slot=slot, code=code), days, moments, st.integers(1, 6), codes),
    st.builds(lambda day, at: Mark("1", day, at, half_days=VendorCount(0, 0, 2)), days, moments),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(marks, max_size=30), st.lists(st.lists(marks, min_size=1, max_size=3), max_size=12), st.sampled_from([PLAIN, PERIODS]))
def test_it_gives_what_the_whole_row_gives(before: list[Mark], batches: list[list[Mark]], calendar: SchoolCalendar) -> None:
    way, keeper, ended = FOLDER.uncounted(TERM, calendar), FOLDER.days, calendar.ended_through(NOW)
    row = packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in before])
    column = keeper.all_days(row, TERM, calendar, ended)
    for number, batch in enumerate(batches):
        packer = packed_row.Packer(NOW + timedelta(seconds=number))
        new = [packer.pack(mark) for mark in batch]
        worked = way.work_in(row[:HEAD], column, new, [], whole=len(row) <= HEAD)
        after = packed_row.merge(row, new, receipts=False)
        total = FOLDER.absences(after, TERM, calendar, NOW)
        kept = keeper.all_days(after, TERM, calendar, ended)
        if worked is UNCHANGED:
            assert after is row
        elif worked is not None:
            head, of_head = worked
            assert (head + row[HEAD:], of_head) == (after, kept)
            assert total == FOLDER.absences(row, TERM, calendar, NOW)
        row, column = after, kept


def test_a_roll_of_today_takes_it() -> None:
    way, keeper = FOLDER.uncounted(TERM, PLAIN), FOLDER.days
    session = [(TERM.start + timedelta(days=number), half) for number in range(12) for half in ("AM", "PM")]
    packer = packed_row.Packer(NOW)
    entries = [packer.pack(Mark("1", day, NOW, session=half, code="P")) for day, half in session]  # type: ignore[arg-type]
    row = packed_row.merge(b"", entries[:-2])
    column = keeper.all_days(row, TERM, PLAIN, TERM.start)
    for entry in entries[-2:]:
        worked = way.work_in(row[:HEAD], column, [entry], [], whole=False)
        assert worked is not None
        assert worked is not UNCHANGED
        row, column = entry + row, worked[1]
        assert way.work_in(row[:HEAD], column, [entry], [], whole=False) is UNCHANGED
    absent = packer.pack(Mark("1", session[-1][0] + timedelta(days=1), NOW, session="AM", code="M"))
    assert way.work_in(row[:HEAD], column, [absent], [], whole=False) is None


def test_equal_marks_of_a_roll_are_one_entry() -> None:
    packer = packed_row.Packer(NOW)
    there = [Mark(student, TERM.start, NOW, session="AM", code="P") for student in "12"]
    assert packer.pack(there[0]) is packer.pack(there[1])
    late = Mark("3", TERM.start, NOW, session="AM", code="P", minutes=9)
    taken_back = Mark("4", TERM.start, NOW, session="AM")
    assert len({packer.pack(mark) for mark in (there[0], late, taken_back)}) == 3
    assert [packer.pack(mark) for mark in (late, taken_back)] == [packed_row.pack(mark, NOW) for mark in (late, taken_back)]
