"""Work that waits for a person, worst first."""

from datetime import timedelta
from typing import Any

from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom, record_id, record_path, talked

WORK = "/v1/schools/0999/work"


async def waiting(staffroom: Staffroom, **more: Any) -> list[tuple[str, str, str | None]]:
    items = (await staffroom.ok("GET", WORK, role="view", **more))["items"]
    return [(item["kind"], item["student"], item["due"]) for item in items]


async def test_the_worst_comes_first_and_what_is_done_goes(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    await staffroom.crossed("1", 20)
    # Reached on the 29th school day, today: due in five.
    await staffroom.heart.post(absences(10, student="2", first=48))
    # A week ago was the 24th.
    await staffroom.heart.post(absences(1, student="3", code="?", first=46))
    await staffroom.heart.post(absences(2, student="3", code="?", first=2))
    await staffroom.heart.post(absences(1, student="4", code="?", first=56))
    by_hand = await staffroom.ok("POST", "/v1/schools/0999/students/4/star-records", {"reason": "asked for help"})
    assert await waiting(staffroom) == [
        ("overdue", "1", "2026-10-23"),
        ("overdue", "1", "2026-11-02"),
        ("due", "2", "2026-11-27"),
        ("unexplained", "3", "2026-10-20"),
        ("unanswered", "4", None),
    ]
    items = (await staffroom.ok("GET", WORK))["items"]
    assert [item["sentence"] for item in items] == [
        "Hemi Example 1 reached 5 days on Fri 16 Oct; a response was due on Fri 23 Oct, 19 school days ago.",
        "Hemi Example 1 reached 10 days on Fri 23 Oct; a response was due on Mon 2 Nov, 14 school days ago.",
        "Student 2 reached 5 days on Fri 20 Nov; a response is due on Fri 27 Nov.",
        "Student 3 was absent on Tue 13 Oct and nobody has explained it.",
        "A record of Student 4 was opened by hand on Fri 20 Nov; nobody has responded, and there is no due day.",
    ]
    assert items[0]["record"] == str(record_id("1"))
    assert items[4]["record"] == by_hand["id"]
    await staffroom.ok("POST", f"{record_path('1')}/responses", talked(), role="respond")
    await staffroom.ok("PATCH", record_path("1", 10), {"status": "closed"})
    assert [student for _, student, _ in await waiting(staffroom)] == ["2", "3", "4"]


async def test_a_dean_sees_the_work_of_their_own_students(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.student("3", "9A")
    await staffroom.crossed("1")
    await staffroom.crossed("2")
    await staffroom.heart.post(absences(1, student="3", code="?"))
    await staffroom.heart.post(absences(1, student="4", code="?"))
    assert [student for _, student, _ in await waiting(staffroom, groups=["9A"])] == ["1", "3"]
    assert await waiting(staffroom, groups=["9Z"]) == []
    assert [line["students"] for line in await staffroom.audit(action="list-work")] == [[], ["1", "3"]]


async def test_a_roll_that_nobody_marked_waits_for_those_who_see_its_students(staffroom: Staffroom) -> None:
    for student, group in (("1", "9A"), ("2", "9A"), ("3", "9B"), ("4", "9B")):
        await staffroom.student(student, group, year_level=9)
        # Thursday the 19th ends with the 56th half day, and the morning of the 20th is over at three.
        await staffroom.heart.post(absences(57 if group == "9B" else 54, student=student, code="P"))
    (item,) = (await staffroom.ok("GET", WORK, role="view"))["items"]
    assert (item["kind"], item["group"], item["due"], item["student"]) == ("unmarked-roll", "9A", "2026-11-19", None)
    assert item["sentence"] == "The roll of 9A has not been marked since Thu 19 Nov: 1.5 days in all."
    assert await waiting(staffroom, groups=["9B"]) == []
    # To a dean, their own students are not the school.
    (own,) = (await staffroom.ok("GET", WORK, role="view", groups=["9A"]))["items"]
    assert own == item


async def test_reviews_actions_and_meetings_come_due_by_themselves(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    of_student = "/v1/schools/0999/students/1"
    action = {"text": "ask about the bus", "who": "school", "by": "2026-11-20", "done_on": None}
    plan = {"goals": [{"text": "Mondays"}], "actions": [action], "status": "agreed", "next_review": "2026-11-23"}
    plan_id = (await staffroom.ok("POST", f"{of_student}/support-plans", plan))["id"]
    meeting = (await staffroom.ok("POST", f"{of_student}/meetings", {"at": "2026-11-20T15:30:00+13:00"}))["id"]
    assert await waiting(staffroom) == []
    staffroom.clock.now += timedelta(days=3)
    items = (await staffroom.ok("GET", WORK, role="view", groups=["9A"]))["items"]
    assert [(item["kind"], item["piece"], item["due"]) for item in items] == [
        ("meeting", meeting, "2026-11-20"),
        ("support-plan-action", plan_id, "2026-11-20"),
        ("support-plan-review", plan_id, "2026-11-23"),
    ]
    assert [item["sentence"] for item in items] == [
        "Hemi Example 1: a meeting was planned on Fri 20 Nov; nobody has said whether it was held.",
        "Hemi Example 1: an action of the support plan was due on Fri 20 Nov.",
        "Hemi Example 1: the review of the support plan is due today.",
    ]
    assert await waiting(staffroom, groups=["9Z"]) == []
    review = {"on": "2026-11-23", "staff": "Ms Example"}
    await staffroom.ok("POST", f"/v1/support-plans/{plan_id}/reviews", review)
    await staffroom.ok("PATCH", f"/v1/support-plans/{plan_id}", {"actions": [action | {"done_on": "2026-11-23"}]})
    await staffroom.ok("PATCH", f"/v1/meetings/{meeting}", {"status": "missed"})
    assert await waiting(staffroom) == []


WATCH = "/v1/schools/0999/watch"


async def test_runs_of_days_are_on_the_list_when_the_school_wants_to_hear_of_them(staffroom: Staffroom) -> None:
    """Today, Friday the 20th, is half days 56 and 57; Monday the 16th begins with 48."""
    await staffroom.student("1", "9A")
    await staffroom.heart.post(absences(2, student="1", code="P", first=46) + absences(8, student="1", first=48))
    await staffroom.heart.post(absences(4, student="2", code="?", first=52))
    await staffroom.heart.post(absences(6, student="3", first=48) + absences(2, student="3", code="P", first=54))
    # A half day is no day, and a run that ended long ago is history.
    await staffroom.heart.post(absences(1, student="4", first=52) + absences(1, student="4", first=54))
    await staffroom.heart.post(absences(9, student="5", first=20))
    off = {"absent_in_a_row": None, "unexplained_in_a_row": None, "back_after": None}
    assert await staffroom.ok("GET", WATCH, role="view") == off
    kinds = ("absent-in-a-row", "unexplained-in-a-row", "back-after-absence")

    async def found(**more: Any) -> list[str]:
        items = (await staffroom.ok("GET", WORK, role="view", **more))["items"]
        return [item["sentence"] for item in items if item["kind"] in kinds]

    assert await found() == []
    on = {"absent_in_a_row": 3, "unexplained_in_a_row": 2, "back_after": 3}
    assert await staffroom.refused("PUT", WATCH, on, role="manage") == (403, "missing-role")
    assert await staffroom.refused("PUT", WATCH, on | {"absent_in_a_row": 0}, role="admin") == (422, "invalid-request")
    assert await staffroom.ok("PUT", WATCH, on, role="admin") == on
    assert sorted(await found()) == [
        "Hemi Example 1 has been absent for 4 school days in a row, Mon 16 Nov to Thu 19 Nov.",
        "Student 2 has been absent for 2 school days in a row without a reason, Wed 18 Nov to Thu 19 Nov.",
        "Student 3 is back after 3 school days in a row, Mon 16 Nov to Wed 18 Nov.",
    ]
    assert await found(groups=["9A"]) == ["Hemi Example 1 has been absent for 4 school days in a row, Mon 16 Nov to Thu 19 Nov."]
    assert await staffroom.ok("PUT", WATCH, {"absent_in_a_row": 5}, role="admin") == off | {"absent_in_a_row": 5}
    assert await found() == []


async def test_the_worst_of_a_long_list_are_asked_for_by_their_number(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 30)
    await staffroom.crossed("2", 20)
    whole = (await staffroom.ok("GET", WORK))["items"]
    records = [item for item in whole if item["record"] is not None]
    others = [item for item in whole if item["record"] is None]
    assert len(records) == 5
    short = (await staffroom.ok("GET", WORK, most=2))["items"]
    assert [item for item in short if item["record"] is not None] == records[:2]
    assert [item for item in short if item["record"] is None] == others[:2]
    assert (await staffroom.refused("GET", WORK, most=501))[0] == 422
