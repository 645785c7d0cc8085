"""The register against the oracle: any marks, corrections and removals, in any order, any number of times."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.thresholds.proof.oracle import OracleMark, Rules, absent_half_days
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

FIRST = date(2026, 10, 12)
TERM = Term("2026-T4", FIRST, date(2026, 10, 23))
CLOSED = date(2026, 10, 14)
HALF = date(2026, 10, 15)
SLOTS = (Slot(1, "Period 1", 60), Slot(2, "Period 2", 60), Slot(3, "Period 3", 60), Slot(4, "Period 4", 60), Slot(5, "Period 5", 60))
OPEN = dict.fromkeys((FIRST + timedelta(days=number) for number in range(12)), 2) | {
    CLOSED: 0,
    HALF: 1,
    date(2026, 10, 17): 0,
    date(2026, 10, 18): 0,
}
FOLDER = Folder(CodeTable.load())
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)

# Few places and few moments, so that marks meet: that is where the register could go wrong. Days outside the term are among them.
days = st.integers(min_value=-3, max_value=13).map(lambda n: FIRST + timedelta(days=n))
moments = st.integers(min_value=0, max_value=6).map(lambda n: NOON + timedelta(seconds=n // 2, microseconds=n % 2))
codes = st.one_of(st.none(), st.sampled_from("PLADIQMJUOEGT?XCHKYZFNRSVWB"))
counts = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)).filter(lambda count: sum(count) <= 2),
)
session_marks = st.builds(OracleMark, days, st.sampled_from(["AM", "PM"]), codes, st.none(), moments, moments)
slot_marks = st.builds(
    lambda day, slot, code, minutes, recorded, received: OracleMark(day, slot, code, minutes if code else None, recorded, received),
    days,
    st.integers(1, 7),
    codes,
    st.one_of(st.none(), st.integers(1, 60)),
    moments,
    moments,
)
day_marks = st.builds(OracleMark, days, st.just("day"), counts, st.none(), moments, moments)
carried_marks = st.builds(OracleMark, days, st.just("carried"), counts, st.none(), moments, moments)
any_marks = st.one_of(session_marks, slot_marks, day_marks, carried_marks)


sessions = st.sampled_from([("AM",), ("PM",), ("AM", "PM"), ()])
enrolments = st.builds(
    Enrolment,
    st.one_of(st.none(), st.none(), days),
    st.one_of(st.none(), st.none(), days),
    st.just(()),
    st.one_of(st.none(), st.none(), st.tuples(sessions, sessions, sessions, sessions, sessions)),
)


def on_roll(day: date, enrolment: Enrolment) -> bool:
    starts, leaves = enrolment.starts_on or date.min, enrolment.leaves_on or date.max
    return starts <= day <= leaves if starts <= leaves else day <= leaves or starts <= day


def distinct(marks: list[OracleMark]) -> list[OracleMark]:
    """One thing said for each place and pair of moments: what the door makes sure of, within one request."""
    return list({(mark.day, mark.place, mark.recorded_at, mark.received_at): mark for mark in marks}.values())


def as_mark(said: OracleMark) -> Mark:
    if said.place in ("day", "carried"):
        count = VendorCount(*said.value) if isinstance(said.value, tuple) else None
        return Mark(student="1", date=said.day, recorded_at=said.recorded_at, half_days=count, carried=said.place == "carried")
    code = said.value if isinstance(said.value, str) else None
    if isinstance(said.place, int):
        return Mark(student="1", date=said.day, recorded_at=said.recorded_at, slot=said.place, code=code, minutes=said.minutes)
    session = "AM" if said.place == "AM" else "PM"
    return Mark(student="1", date=said.day, recorded_at=said.recorded_at, session=session, code=code)


def packed(said: OracleMark) -> bytes:
    # The register keeps received_at by the millisecond; microseconds become milliseconds here so that ties stay ties.
    received = NOON + (said.received_at - NOON) * 1000
    return packed_row.pack(as_mark(said), received)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(any_marks, max_size=40).map(distinct),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    enrolments,
    st.lists(st.sampled_from([None, "AM", "PM"]), min_size=5, max_size=5),
)
def test_any_order_and_repetition_gives_the_oracles_total(
    marks: list[OracleMark], shuffle: random.Random, timetable: bool, blanks: bool, carried: bool, enrolment: Enrolment, named: list[Any]
) -> None:
    slots = tuple(replace(slot, session=session) for slot, session in zip(SLOTS, named, strict=True)) if timetable else ()
    calendar = SchoolCalendar(
        (TERM,),
        closed_days=frozenset({CLOSED}),
        half_days=frozenset({HALF}),
        timetables=(Timetable(None, slots),) if slots else (),
        blanks_are_truant=blanks,
        carried_absences_count=carried,
    )
    # Noon in UTC is one in the morning of the 21st in Auckland: the 20th has ended.
    rules = Rules(
        open_half_days=OPEN,
        slot_minutes={day: {slot.slot: slot.minutes for slot in slots} for day in OPEN},
        absent_codes="MJUOEGT?",
        known_codes="PLADIQMJUOEGT?XCHKYZFNRSVW",
        blanks_until=date(2026, 10, 20) if blanks else None,
        carried_counts=carried,
        slot_sessions={day: {slot.slot: slot.session for slot in slots if slot.session} for day in OPEN},
        off_roll=[day for day in OPEN if not on_roll(day, enrolment)],
        attended=None if enrolment.attends is None else dict(enumerate(enrolment.attends)),
    )
    expected = absent_half_days(marks, rules)

    deliveries = marks + shuffle.choices(marks, k=len(marks)) if marks else []
    shuffle.shuffle(deliveries)
    row = b""
    while deliveries:
        size = shuffle.randint(1, 10)
        row = packed_row.merge(row, [packed(mark) for mark in deliveries[:size]])
        deliveries = deliveries[size:]

    assert FOLDER.absences(row, TERM, calendar.for_student(enrolment, TERM), NOON).half_days == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(any_marks, max_size=30).map(distinct), st.randoms(use_true_random=False))
def test_two_orders_give_the_same_bytes(marks: list[OracleMark], shuffle: random.Random) -> None:
    entries = [packed(mark) for mark in marks]
    one = packed_row.merge(b"", entries)
    shuffle.shuffle(entries)
    assert packed_row.merge(b"", entries) == one
    assert packed_row.merge(one, entries) is one


@given(any_marks)
def test_what_is_packed_comes_out_again(said: OracleMark) -> None:
    (entry,) = packed_row.unpack(packed(said))
    assert entry.day == said.day
    assert entry.recorded_at == said.recorded_at
    if isinstance(said.value, tuple):
        assert entry.count == VendorCount(*said.value)
        assert entry.code is None
    else:
        assert entry.code == said.value
        assert entry.minutes == said.minutes


@given(st.lists(any_marks, max_size=40).map(distinct))
def test_the_days_of_an_absence_add_up_to_its_total(marks: list[OracleMark]) -> None:
    calendar = SchoolCalendar((TERM,), timetables=(Timetable(None, SLOTS),))
    absences = FOLDER.absences(packed_row.merge(b"", map(packed, marks)), TERM, calendar, NOON)
    assert [day for day, _ in absences.days] == sorted({day for day, _ in absences.days})
    running = 0
    for day, count in absences.days:
        running += count
        assert absences.reached_on(running) <= day
    assert running == absences.half_days
