"""A school that sends another timetable changes two things: days to come, and those that it says."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.schools.schemas import School

TODAY = date(2026, 11, 11)
TERM = {"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}


def slots(name: str) -> list[dict[str, Any]]:
    return [{"slot": 1, "name": name, "minutes": 300}] if name else []


def school(name: str = "", **fields: Any) -> School:
    return School.model_validate({"school": "0999", "name": "Example School", "terms": [TERM], "slots": slots(name)} | fields)


def dated(day: str, name: str) -> dict[str, Any]:
    return {"from": day, "slots": slots(name)}


def names(stored: School, *days: str) -> str:
    """The timetable of each day, by the name of its one slot."""
    calendar = stored.calendar()
    found = [calendar.slots_on(date.fromisoformat(day)) for day in days]
    return "".join(entry[0].name if entry else "-" for entry in found)


START, YESTERDAY, NOW, LATER = "2026-10-12", "2026-11-10", "2026-11-11", "2026-12-01"


def test_undated_slots_hold_from_the_beginning_until_days_are_marked() -> None:
    assert names(school("a"), START, LATER) == "aa"


def test_other_undated_slots_hold_from_today_on() -> None:
    changed = school("b").after(school("a"), TODAY)
    assert changed.slots_from == TODAY
    assert names(changed, START, YESTERDAY, NOW, LATER) == "aabb"


def test_a_school_that_had_none_has_slots_from_today_on_and_the_other_way_round() -> None:
    assert names(school("b").after(school(), TODAY), START, YESTERDAY, NOW) == "--b"
    assert names(school().after(school("a"), TODAY), START, YESTERDAY, NOW) == "aa-"


def test_the_same_slots_sent_again_change_nothing() -> None:
    changed = school("b").after(school("a"), TODAY)
    later = TODAY + timedelta(days=5)
    assert school("b").after(changed, later) == changed
    assert school("b", closed_days=[LATER]).after(changed, later).past_timetables == changed.past_timetables
    assert school("a").after(school("a"), TODAY) == school("a")


def test_slots_from_says_otherwise() -> None:
    assert names(school("b", slots_from=START).after(school("a"), TODAY), START, NOW) == "bb"
    assert names(school("b", slots_from="2026-11-02").after(school("a"), TODAY), "2026-11-01", "2026-11-02", NOW) == "abb"
    assert names(school("b", slots_from=LATER).after(school("a"), TODAY), START, NOW, LATER) == "aab"


def test_each_change_is_kept_for_its_days() -> None:
    first = school("b").after(school("a"), date(2026, 10, 19))
    second = school("c").after(first, date(2026, 11, 2))
    third = school("d").after(second, TODAY)
    assert names(third, START, "2026-10-19", "2026-11-01", "2026-11-02", YESTERDAY, NOW) == "abbccd"
    # What was changed twice on one day is changed once.
    assert names(school("e").after(third, TODAY), YESTERDAY, NOW) == "ce"


def test_a_dated_timetable_that_is_left_out_stays_for_days_that_are_over() -> None:
    before = school("a", timetables=[dated("2026-11-02", "b"), dated(LATER, "c")])
    assert names(school("a").after(before, TODAY), START, "2026-11-02", NOW, LATER) == "abbb"
    assert names(school("a", timetables=[dated("2026-11-02", "x")]).after(before, TODAY), START, "2026-11-02", NOW) == "axx"
    assert names(school("d").after(before, TODAY), START, "2026-11-02", YESTERDAY, NOW, LATER) == "abbdd"


def test_other_undated_slots_beside_a_dated_timetable_that_holds_need_a_day() -> None:
    before = school("a", timetables=[dated("2026-11-02", "b")])
    with pytest.raises(ValueError, match="slots_from"):
        school("d", timetables=[dated("2026-11-02", "b")]).after(before, TODAY)
    mended = school("d", slots_from=START, timetables=[dated("2026-11-02", "b")]).after(before, TODAY)
    assert names(mended, START, "2026-11-02") == "db"


def test_no_timetable_starts_on_the_day_from_which_the_slots_hold() -> None:
    before = school("a", slots_from="2026-11-02")
    with pytest.raises(ValueError, match="start on one day"):
        school("a", timetables=[dated("2026-11-02", "b")]).after(before, date(2026, 11, 20))


def test_days_with_slots_of_their_own_stay_when_they_are_over() -> None:
    before = school("a", day_slots=[{"date": "2026-11-02", "slots": slots("x")}, {"date": LATER, "slots": slots("y")}])
    changed = school("a", day_slots=[{"date": "2026-11-20", "slots": slots("z")}]).after(before, TODAY)
    assert names(changed, "2026-11-02", "2026-11-20", LATER) == "xza"


def test_what_is_stored_is_read_again() -> None:
    changed = school("b", timetables=[dated(LATER, "c")], day_slots=[{"date": NOW, "slots": []}]).after(school("a"), TODAY)
    again = School.model_validate_json(changed.model_dump_json(exclude_defaults=True))
    assert again == changed
    assert names(again, START, NOW, "2026-11-12", LATER) == "a-bc"


def test_weekdays_and_cycles_reach_the_calendar() -> None:
    weekly = school(timetables=[{"from": START, "slots": slots("a"), "weekdays": {"wed": slots("w"), "fri": []}}])
    assert names(weekly, START, "2026-10-14", "2026-10-15", "2026-10-16") == "awa-"
    cycle = school(timetables=[{"from": START, "cycle": [slots("1"), slots("2"), slots("3")], "cycle_starts": ["2026-10-19"]}])
    assert names(cycle, START, "2026-10-13", "2026-10-14", "2026-10-15", "2026-10-16", "2026-10-19") == "123121"


@pytest.mark.parametrize(
    "fields",
    [
        {"timetables": [{"from": START, "slots": slots("a"), "cycle": [slots("1")]}]},
        {"timetables": [{"from": START, "slots": slots("a"), "cycle_starts": [START]}]},
        {"timetables": [{"from": START, "weekdays": {"sat": slots("a")}}]},
        {"timetables": [dated(START, "a")], "slots_from": START},
        {"day_slots": [{"date": START, "slots": []}, {"date": START, "slots": []}]},
        {"slots": [{"slot": 1, "name": "a", "minutes": 60, "session": "noon"}]},
    ],
)
def test_timetables_that_are_none_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        school(**fields)
