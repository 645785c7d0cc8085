"""The halves of a day as people look at them: each with the code that was marked in it, and not with the other half's."""

import pytest

from services.thresholds.register.attribution import attribute
from services.thresholds.register.day_reading import Half, halves_of
from services.thresholds.register.half_days import DayMarks, count_day
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, opened
from shared.events.data import VendorCount

CODES = CodeTable.load()
SLOTS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 5))
"""Two periods in the morning, two in the afternoon."""

Shown = tuple[str, str | None]


def halves(
    sessions: dict[str, str] | None = None,
    slots: str = "",
    *,
    vendor: VendorCount | None = None,
    blanks_count: bool = True,
) -> tuple[Shown, Shown]:
    """The morning and the afternoon; `slots` has a code for each period, a blank for one that nobody marked."""
    by_slot: dict[int, tuple[str, int | None]] = {place: (code, None) for place, code in enumerate(slots, start=1) if code != " "}
    marks = DayMarks(sessions or {}, by_slot, vendor)
    count = count_day(marks, opened(2, SLOTS if slots else ()), CODES, blanks_count=blanks_count)
    shown: list[Half] = list(halves_of(marks, count, attribute(marks, count, CODES), CODES))
    assert sum(half.state == "absent" for half in shown) == count.absent
    return (shown[0].state, shown[0].code), (shown[1].state, shown[1].code)


@pytest.mark.parametrize("code", ["M", "T", "?", "E"])
def test_a_blank_half_beside_a_marked_absence_has_no_code(code: str) -> None:
    assert halves({"PM": code}) == (("absent", None), ("absent", code))
    assert halves({"AM": code}) == (("absent", code), ("absent", None))


def test_a_blank_half_beside_a_marked_presence_has_no_code() -> None:
    assert halves({"PM": "P"}) == (("absent", None), ("present", "P"))
    assert halves({"AM": "P"}) == (("present", "P"), ("absent", None))


def test_two_marked_halves_keep_their_codes() -> None:
    assert halves({"AM": "T", "PM": "M"}) == (("absent", "T"), ("absent", "M"))
    assert halves({"AM": "M", "PM": "T"}, blanks_count=False) == (("absent", "M"), ("absent", "T"))


def test_a_half_with_a_code_that_nobody_knows_is_the_blank_one() -> None:
    # `!` is not in the table: its place is as if nobody had marked it.
    assert halves({"AM": "P", "PM": "!"})[1][0] == "absent"
    assert halves({"AM": "!", "PM": "P"})[0][0] == "absent"


@pytest.mark.parametrize(
    ("slots", "shown"),
    [
        # The first period of the morning is missed as well, so that the afternoon's code has more minutes or comes first.
        ("TTMM", (("absent", "T"), ("absent", "M"))),
        ("MMTT", (("absent", "M"), ("absent", "T"))),
        ("  MM", (("absent", None), ("absent", "M"))),
        ("MM  ", (("absent", "M"), ("absent", None))),
        ("MT T", (("absent", "M"), ("absent", "T"))),
        ("PP  ", (("present", None), ("absent", None))),
        ("  PP", (("absent", None), ("present", None))),
        ("PPM ", (("present", None), ("absent", "M"))),
    ],
)
def test_periods_name_the_half_that_they_lie_in(slots: str, shown: tuple[Shown, Shown]) -> None:
    assert halves(slots=slots) == shown


def test_a_systems_own_count_takes_the_codes_of_the_halves() -> None:
    both = VendorCount(1, 1, 0)
    assert halves({"AM": "M", "PM": "T"}, vendor=both) == (("absent", "M"), ("absent", "T"))
    assert halves({"AM": "T", "PM": "M"}, vendor=both) == (("absent", "T"), ("absent", "M"))
    assert halves(slots="MMTT", vendor=both) == (("absent", "M"), ("absent", "T"))
