"""The day rule, boundary by boundary. The figures are the Ministry's: 240 minutes are two half days, 120 are one."""

import pytest

from services.thresholds.register.half_days import DayCount, DayMarks, count_day, present_half_days
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, opened
from shared.events.data import VendorCount

CODES = CodeTable.load()
FIVE_HOURS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))


def day(sessions: dict[str, str] | None = None, slots: dict[int, tuple[str, int | None]] | None = None) -> DayMarks:
    return DayMarks(sessions or {}, slots or {}, None)


@pytest.mark.parametrize(("minutes", "expected"), [(0, 0), (119, 0), (120, 1), (239, 1), (240, 2), (360, 2)])
def test_minutes_present(minutes: int, expected: int) -> None:
    assert present_half_days(minutes) == expected


@pytest.mark.parametrize("code", list("PLADIQ"))
def test_present_codes_count_as_attended(code: str) -> None:
    assert count_day(day({"AM": code, "PM": code}), opened(2, ()), CODES) == DayCount("sessions", 0, 2, 0, 0)


@pytest.mark.parametrize("code", list("MJUOEGT?"))
def test_absence_codes_count_justified_or_not(code: str) -> None:
    assert count_day(day({"AM": code, "PM": code}), opened(2, ()), CODES) == DayCount("sessions", 2, 0, 0, 0)


@pytest.mark.parametrize("code", list("CHKYZFNRSVW"))
def test_retired_codes_never_count_as_absent(code: str) -> None:
    assert count_day(day({"AM": code}), opened(2, ()), CODES) == DayCount("sessions", 0, 1, 0, 1)


def test_exam_leave_is_neither() -> None:
    assert count_day(day({"AM": "X", "PM": "M"}), opened(2, ()), CODES) == DayCount("sessions", 1, 0, 1, 0)


def test_an_unmarked_session_is_no_absence() -> None:
    assert count_day(day({"AM": "M"}), opened(2, ()), CODES) == DayCount("sessions", 1, 0, 0, 1)
    assert count_day(day(), opened(2, FIVE_HOURS), CODES) == DayCount("unmarked", 0, 0, 0, 2)


def test_a_day_with_one_open_half_day_has_one_to_lose() -> None:
    assert count_day(day({"AM": "M", "PM": "M"}), opened(1, ()), CODES).absent == 1


def test_a_closed_day_counts_nothing() -> None:
    assert count_day(day({"AM": "M", "PM": "M"}), opened(0, ()), CODES) == DayCount("closed", 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("absent_slots", "expected"),
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2)],
    ids=["300 present", "240 present", "180 present", "120 present", "60 present", "0 present"],
)
def test_periods_by_the_minutes_left(absent_slots: int, expected: int) -> None:
    slots: dict[int, tuple[str, int | None]] = dict.fromkeys(range(1, absent_slots + 1), ("T", None))
    assert count_day(day(slots=slots), opened(2, FIVE_HOURS), CODES).absent == expected


@pytest.mark.parametrize(("minutes", "expected"), [(60, 0), (61, 1), (180, 1), (181, 2)])
def test_minutes_of_a_mark_decide_at_the_boundary(minutes: int, expected: int) -> None:
    one_slot = (Slot(1, "The day", 300),)
    assert count_day(day(slots={1: ("M", minutes)}), opened(2, one_slot), CODES).absent == expected


def test_a_short_timetable_is_no_absence() -> None:
    short = (Slot(1, "Period 1", 60), Slot(2, "Period 2", 60))
    assert count_day(day(slots={1: ("P", None)}), opened(2, short), CODES).absent == 0


def test_the_vendors_own_count_goes_first() -> None:
    marks = DayMarks({"AM": "T", "PM": "T"}, {1: ("T", None)}, VendorCount(0, 1, 1))
    assert count_day(marks, opened(2, FIVE_HOURS), CODES) == DayCount("vendor", 1, 1, 0, 0)


def letters(codes: str) -> DayMarks:
    """`TT.P` is slots 1 to 4; a dot has no mark."""
    return day(slots={number: (code, None) for number, code in enumerate(codes, start=1) if code != "."})


def counts(count: DayCount) -> tuple[int, int, int, int]:
    return count.absent, count.attended, count.excluded, count.unmarked


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("TTT..", (1, 0, 0, 0)),  # All of the morning: 0 of 180 minutes are left. The closed afternoon is not present.
        ("TTTPP", (1, 0, 0, 0)),  # A system that fills the closed afternoon with P changes nothing.
        ("T....", (0, 1, 0, 0)),  # 120 minutes are left: a half day.
        ("TT...", (1, 0, 0, 0)),  # 60 are not.
        ("PPPTT", (0, 1, 0, 0)),  # Absences of the closed half do not count.
        ("...TT", (1, 0, 0, 0)),  # Only the afternoon is marked: the afternoon was open.
        ("...PP", (0, 1, 0, 0)),
        (".....", (0, 0, 0, 1)),
    ],
)
def test_a_half_day_opening_has_the_minutes_of_its_half(codes: str, expected: tuple[int, int, int, int]) -> None:
    assert counts(count_day(letters(codes), opened(1, FIVE_HOURS), CODES)) == expected


@pytest.mark.parametrize(
    ("lengths", "codes", "expected"),
    [
        ([60, 60], "T.", (1, 0, 0, 0)),  # Its own two hours: each minute is needed.
        ([90, 90], "T.", (1, 0, 0, 0)),
        ([60, 60, 60], "T..", (0, 1, 0, 0)),
        ([45, 45], "P.", (0, 1, 0, 0)),  # Shorter than two hours: attending all of it is a half day.
        ([45, 45], "T.", (1, 0, 0, 0)),
    ],
)
def test_a_half_day_openings_own_timetable_is_open_as_a_whole(lengths: list[int], codes: str, expected: tuple[int, int, int, int]) -> None:
    own = tuple(Slot(number, f"Period {number}", minutes) for number, minutes in enumerate(lengths, start=1))
    assert counts(count_day(letters(codes), opened(1, own), CODES)) == expected


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ({"AM": "P", "PM": "M"}, (0, 1, 0, 0)),
        ({"AM": "M", "PM": "P"}, (1, 0, 0, 0)),
        ({"PM": "M"}, (1, 0, 0, 0)),
        ({"PM": "P"}, (0, 1, 0, 0)),
        ({"AM": "X", "PM": "M"}, (0, 0, 1, 0)),
        ({"AM": "B", "PM": "P"}, (0, 1, 0, 0)),
    ],
)
def test_of_a_half_day_opening_the_session_counts_that_was_open(sessions: dict[str, str], expected: tuple[int, int, int, int]) -> None:
    assert counts(count_day(day(sessions), opened(1), CODES)) == expected


def test_an_afternoon_that_the_timetable_leaves_off_is_not_open() -> None:
    morning = tuple(Slot(number, f"Period {number}", 60, "AM") for number in (1, 2, 3))
    assert counts(count_day(letters("TTT"), opened(2, morning), CODES)) == (1, 0, 0, 0)
    assert counts(count_day(letters("P.."), opened(2, morning), CODES)) == (0, 1, 0, 0)
    afternoon = (Slot(1, "Sport", 100, "PM"),)
    assert counts(count_day(day({"AM": "M", "PM": "P"}), opened(2, afternoon), CODES)) == (0, 1, 0, 0)
    assert counts(count_day(letters("T"), opened(2, afternoon), CODES)) == (1, 0, 0, 0)
    both = (Slot(1, "Period 1", 200, "AM"), Slot(2, "Period 2", 60, "PM"))
    assert counts(count_day(letters("PT"), opened(1, both), CODES)) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("codes", "absent"),
    [("T..", 1), ("TT.", 2), ("TTT", 2), ("PPP", 0), ("...", 0)],
    ids=["100 of 150 left: one", "50 left: none", "0 left", "all", "unmarked"],
)
def test_a_day_of_less_than_four_hours_has_its_share_for_each_half_day(codes: str, absent: int) -> None:
    short = tuple(Slot(number, f"Period {number}", 50) for number in (1, 2, 3))
    assert count_day(letters(codes), opened(2, short), CODES).absent == absent


@pytest.mark.parametrize(
    ("vendor", "codes", "expected"),
    [
        ((0, 0, 0), "OOOOO", (2, 0, 0, 0)),  # Overseas leave has no counter.
        ((0, 0, 0), "PPPPP", (0, 2, 0, 0)),
        ((0, 0, 0), "XXXXX", (0, 0, 2, 0)),
        ((0, 0, 1), "PPOOO", (1, 1, 0, 0)),
        ((0, 1, 0), "MMM..", (1, 1, 0, 0)),  # The absence that was counted is that of the codes.
        ((1, 0, 0), "TTOOO", (2, 0, 0, 0)),
        ((0, 0, 0), ".....", (0, 0, 0, 2)),
        ((0, 0, 2), "TTTTT", (0, 2, 0, 0)),  # The count leaves nothing open.
        ((2, 0, 0), "PPPPP", (2, 0, 0, 0)),
    ],
)
def test_for_what_a_vendors_count_leaves_open_codes_speak(
    vendor: tuple[int, int, int], codes: str, expected: tuple[int, int, int, int]
) -> None:
    marks = DayMarks({}, letters(codes).slots, VendorCount(*vendor))
    assert counts(count_day(marks, opened(2, FIVE_HOURS), CODES)) == expected


@pytest.mark.parametrize(
    ("vendor", "codes", "differs"),
    [
        ((0, 0, 2), "TTTTT", True),
        ((2, 0, 0), "PPPPP", True),
        ((1, 0, 1), "TTTTT", True),
        ((2, 0, 0), "TTTTT", False),
        ((0, 0, 0), "OOOOO", False),
        ((2, 0, 0), ".....", False),
    ],
)
def test_a_count_and_codes_that_both_speak_may_differ(vendor: tuple[int, int, int], codes: str, differs: bool) -> None:
    marks = DayMarks({}, letters(codes).slots, VendorCount(*vendor))
    assert count_day(marks, opened(2, FIVE_HOURS), CODES).differs is differs


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("XXXXX", (0, 0, 2, 0)),
        ("XXPPP", (0, 1, 1, 0)),  # 180 minutes are left: one half day.
        ("XXTTT", (1, 0, 1, 0)),
        ("XX...", (0, 0, 1, 1)),
        ("XPPPP", (0, 2, 0, 0)),  # 240 minutes are left.
        ("XTPPP", (1, 1, 0, 0)),  # 180 present of 240.
        ("XXXPT", (1, 0, 1, 0)),  # 60 present of 120.
        ("X....", (0, 0, 0, 2)),
        ("XXXXT", (0, 0, 2, 0)),  # An hour is no half day.
    ],
)
def test_exam_leave_in_slots_leaves_the_day(codes: str, expected: tuple[int, int, int, int]) -> None:
    assert counts(count_day(letters(codes), opened(2, FIVE_HOURS), CODES)) == expected


def test_exam_leave_of_some_minutes_of_a_slot_leaves_the_rest_present() -> None:
    marks = day(slots={1: ("X", 30), 2: ("T", None), 3: ("T", 15)})
    count = count_day(marks, opened(2, FIVE_HOURS), CODES)
    assert (count.open_minutes, count.excluded_minutes, count.absent_minutes) == (300, 30, 75)
    assert counts(count) == (1, 1, 0, 0)
