"""The days beside a row: what the explained term says of them, however the marks came in."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.attribution import Cause
from services.thresholds.register.folding import Folder
from services.thresholds.register.kept_days import DayKeeper, KeptDays, bits_of, half_of, numbers_of, state_of
from services.thresholds.register.unexplained import unexplained
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
CODES = CodeTable.load()
SLOTS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
HALF = frozenset({date(2026, 10, 14), date(2026, 10, 20)})
PLAIN = SchoolCalendar((TERM,), half_days=HALF, closed_days=frozenset({date(2026, 10, 15)}))
CALENDARS = [
    PLAIN,
    replace(PLAIN, timetables=(Timetable(None, SLOTS),)),
    replace(PLAIN, timetables=(Timetable(None, SLOTS),), code_classes=(("E", "justified"), ("J", "unjustified"))),
    replace(PLAIN, carried_absences_count=True, timetables=(Timetable(date(2026, 10, 19), SLOTS[:3]),)),
    replace(PLAIN, blanks_are_truant=True, carried_absences_count=True),
    replace(PLAIN, blanks_are_truant=True, timetables=(Timetable(None, SLOTS),)),
]
ENROLMENTS = [None, Enrolment(starts_on=date(2026, 10, 19)), Enrolment(attends=(("AM",), ("AM", "PM"), ("PM",), (), ("AM", "PM")))]

# Few days and moments, so that marks meet; some lie outside of the term, or on its weekends, or are taken back.
days = st.integers(-2, 11).map(lambda number: TERM.start + timedelta(days=number))
moments = st.integers(0, 3).map(lambda number: NOW - timedelta(minutes=number))
codes = st.sampled_from([*"PLM?TGJXEZ", None])
counts = st.sampled_from([VendorCount(1, 0, 1), VendorCount(0, 2, 0), VendorCount(0, 1, 0), VendorCount(1, 1, 0), None])
marks = st.one_of(
    st.builds(
        lambda day, at, session, code: Mark("1", day, at, session=session, code=code), days, moments, st.sampled_from(["AM", "PM"]), codes
    ),
    st.builds(lambda day, at, slot, code: Mark("1", day, at, slot=slot, code=code), days, moments, st.integers(1, 6), codes),
    st.builds(lambda day, at, count: Mark("1", day, at, half_days=count), days, moments, counts),
    st.builds(lambda day, at, count: Mark("1", day, at, half_days=count, carried=True), days, moments, counts),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(marks, max_size=40), st.sampled_from(CALENDARS), st.sampled_from(ENROLMENTS), st.randoms(use_true_random=False))
def test_they_say_what_the_explained_term_says(
    sent: list[Mark], calendar: SchoolCalendar, enrolment: Enrolment | None, chance: random.Random
) -> None:
    own = calendar.for_student(enrolment, TERM)
    keeper, folder, ended = DayKeeper(CODES), Folder(CODES), own.ended_through(NOW)
    row, column = b"", None
    while sent:
        some, sent = sent[: (size := chance.randint(1, 9))], sent[size:]
        entries = [packed_row.pack(mark, NOW) for mark in some]
        row = packed_row.merge(row, entries)
        touched = {packed_row.day_of(entry) for entry in entries}
        if column is not None and keeper.fits(column, TERM, own):
            column = keeper.with_days(column, row, touched, TERM, own)
        else:
            column = keeper.all_days(row, TERM, own, ended)
    assert column in (None, keeper.all_days(row, TERM, own, ended))
    whole = KeptDays(keeper.all_days(row, TERM, own, ended))

    codes = CODES.with_classes(dict(calendar.code_classes))
    explained = attendance(row, TERM, own, codes, NOW)
    assert {day: half_days.bit_count() for day, half_days in by_day(whole.missed, 1) if half_days} == dict(
        folder.absences(row, TERM, own, NOW).days
    )
    bits = [TERM.start + timedelta(days=at) for at in bits_of(whole.unexplained)]
    assert bits == unexplained(row, TERM, TERM.end + timedelta(days=1))
    assert whole.causes(codes) == explained.causes
    halves = {TERM.start + timedelta(days=at): whole.halves[2 * at : 2 * at + 2] for at in range(len(whole.missed))}
    kept = {day: pair for day, pair in halves.items() if pair != b"\0\0"}
    marked = {packed_row.date_of(packed_row.day_of(entry)) for entry in packed_row.entries(row)}
    assert {day for day in marked if day in TERM} <= kept.keys()
    for day in explained.days:
        if day.day in kept:
            assert tuple(map(half_of, kept[day.day])) == day.halves
            assert [state_of(byte) for byte in kept[day.day]].count(2) == day.count.attended
        else:
            assert day.count.rule in ("unmarked", "closed", "not-on-roll", "not-attended")


def by_day(column: bytes, size: int) -> list[tuple[date, int]]:
    return [(TERM.start + timedelta(days=at // size), column[at]) for at in range(0, len(column), size)]


@pytest.mark.parametrize(
    ("sent", "halves", "missed", "causes"),
    [
        ([("AM", "M"), ("PM", "P")], ["absent M", "present P"], 1, [("justified", "M", 1)]),
        ([("AM", "P"), ("PM", "T")], ["present P", "absent T"], 2, [("unjustified", "T", 1)]),
        ([("AM", "?"), ("PM", "?")], ["absent ?", "absent ?"], 3, [("unjustified", "?", 2)]),
        ([("AM", "X"), ("PM", None)], ["excluded X", "unmarked None"], 0, []),
        ([("AM", None)], ["unmarked None", "unmarked None"], 0, []),
        ([(None, VendorCount(0, 1, 1))], ["absent None", "present None"], 1, [("justified", "counted", 1)]),
    ],
)
def test_a_day(sent: list[tuple[str | None, object]], halves: list[str], missed: int, causes: list[tuple[str, str, int]]) -> None:
    entries = []
    for place, said in sent:
        mark = (
            Mark("1", TERM.start, NOW, half_days=said)
            if isinstance(said, VendorCount)
            else Mark("1", TERM.start, NOW, session=place, code=said)  # type: ignore[arg-type]
        )
        entries.append(packed_row.pack(mark, NOW))
    kept = KeptDays(DayKeeper(CODES).all_days(packed_row.merge(b"", entries), TERM, PLAIN, TERM.start))
    assert len(kept.halves) == 2 * 68 and len(kept.missed) == 68
    assert [f"{half.state} {half.code}" for half in map(half_of, kept.halves[:2]) if half] == halves
    assert (kept.missed[0], kept.missed[1:].count(0)) == (missed, 67)
    assert kept.causes(CODES) == tuple((Cause(*cause[:2]), cause[2]) for cause in causes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("day", "kept"), [(0, 14), (13, 14), (14, 28), (55, 56), (56, 68), (67, 68)])
def test_halves_are_kept_a_fortnight_at_a_time(day: int, kept: int) -> None:
    keeper, row = DayKeeper(CODES), packed_row.pack(Mark("1", TERM.start, NOW, session="AM", code="M"), NOW)
    column = keeper.all_days(row, TERM, PLAIN, TERM.end)
    late = Mark("1", TERM.start + timedelta(days=day), NOW, session="PM", code="P")
    row = packed_row.merge(row, [packed_row.pack(late, NOW)])
    longer = keeper.with_days(column, row, {packed_row.number_of(late.date)}, TERM, PLAIN)
    assert longer == keeper.all_days(row, TERM, PLAIN, TERM.end)
    # The term's length, the first cause, the days missed and unexplained, and one cause stand before them.
    assert len(longer) == 2 + 1 + 68 + 9 + 1 + 2 + 2 * kept
    assert len(KeptDays(longer).halves) == 2 * 68


def test_a_filter_by_cause_knows_each_word() -> None:
    assert numbers_of("?") == b"\x01"
    assert numbers_of("M") == b"\x0f"
    assert numbers_of("blank") == b"\x1d"
    assert numbers_of("counted") == b"\x1e\x1f"
    assert numbers_of("elsewhere") == b"\x20\x21"
    assert numbers_of("much") == b""
