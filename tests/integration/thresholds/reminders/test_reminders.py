"""Work that newly comes to a member of staff is said to them once, each school day; work belongs to accounts of the school's list."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.thresholds.reminders.task import RemindersTask
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.db.listen import Wakeup
from shared.events.data import DutiesDue, Staff, StaffMember
from shared.events.envelope import Event, decode
from shared.worklist.runner import Runner
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom, record_path, talked

DEAN = StaffMember(account="dean", name="Ms Nine", email="nine@school.example", groups=["9A"])
LEAD = StaffMember(account="lead", name="Mr Lead", email="lead@school.example", role="manage")
HEAD = StaffMember(account="head", name="Ms Head", role="admin")
OF_STUDENT = "/v1/schools/0999/students/1"


async def listed(staffroom: Staffroom, *people: StaffMember, after: int | None) -> None:
    staffroom.heart.now = staffroom.clock.now + timedelta(seconds=1)
    await staffroom.heart.school(staff=Staff(people=list(people), remind_at=time(7, 30), next_role_after=after))


async def morning(staffroom: Staffroom, day: date) -> list[tuple[str, list[tuple[str, bool]], int]]:
    """The reminders that are said by half past seven on a day: (account, [(kind, from others)], waiting)."""
    staffroom.clock.now = datetime(day.year, day.month, day.day, 18, 30, tzinfo=UTC)
    engine = staffroom.heart.engine
    runner = Runner("thresholds", engine, [RemindersTask(engine, staffroom.clock)], Wakeup(), clock=staffroom.clock)
    rows = "SELECT id, topic, key, value, headers FROM outbox WHERE topic = 'star.plans.v1' ORDER BY id"
    before = {row.id for row in await staffroom.heart.rows(rows)}
    while await runner.run_once():
        pass
    said = []
    for row in await staffroom.heart.rows(rows):
        event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
        if row.id not in before and isinstance(event, Event) and isinstance(event.data, DutiesDue):
            due = event.data
            said.append((due.account, [(duty.kind, duty.from_others) for duty in due.duties], due.waiting))
            staffroom_near[due.account] = [(step.threshold, step.absent_half_days) for step in due.near]
    return said


staffroom_near: dict[str, list[tuple[int, int]]] = {}
"""Students near a step, as they were last said to each account."""


SUNDAY, MONDAY, FRIDAY = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 27)
"""In UTC: half past seven on Monday at the school is Sunday evening."""


async def test_each_thing_is_said_once_to_whose_it_is(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    await staffroom.student("2", "10A", year_level=10)
    await listed(staffroom, DEAN, LEAD, HEAD, after=None)
    await staffroom.crossed("1")
    await staffroom.crossed("2")
    assert await morning(staffroom, SUNDAY) == [("dean", [("overdue", False)], 1), ("lead", [("overdue", False)], 1)]
    assert await morning(staffroom, MONDAY) == []
    plan = {"goals": [{"text": "Mondays"}], "status": "agreed", "next_review": "2026-11-26", "assigned_to": "lead"}
    await staffroom.ok("POST", f"{OF_STUDENT}/support-plans", plan)
    assert await morning(staffroom, date(2026, 11, 24)) == []
    assert await morning(staffroom, date(2026, 11, 25)) == [("lead", [("support-plan-review", False)], 2)]
    # Saturday and Sunday have no reminders, and the next morning is planned all the same.
    assert await morning(staffroom, FRIDAY) == []
    planned = await staffroom.heart.rows("SELECT day FROM reminders JOIN work USING (id) WHERE state = 'waiting'")
    assert [row.day for row in planned] == [date(2026, 11, 30)]


async def test_what_waits_goes_to_the_next_role_who_has_not_heard_of_it(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    await listed(staffroom, DEAN, LEAD, HEAD, after=21)
    # Due on 23 October: on Monday 23 November 20 school days have passed, on Tuesday 21.
    await staffroom.crossed("1")
    assert await morning(staffroom, SUNDAY) == [("dean", [("overdue", False)], 1)]
    assert await morning(staffroom, MONDAY) == [("lead", [("overdue", True)], 1)]
    await staffroom.ok("POST", f"{record_path()}/responses", talked())
    assert await morning(staffroom, date(2026, 11, 24)) == []


async def test_the_person_who_stands_in_hears_of_it_and_the_one_who_is_back_does_not_again(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    gone: dict[str, Any] = {"away_from": date(2026, 11, 16), "away_until": date(2026, 11, 23), "stand_in": "other"}
    other = StaffMember(account="other", name="Mx Other", email="other@school.example", groups=["9Z"])
    dean = StaffMember(account="dean", name="Ms Nine", email="nine@school.example", groups=["9A"], **gone)
    await listed(staffroom, dean, other, after=None)
    await staffroom.crossed("1")
    assert await morning(staffroom, SUNDAY) == [("other", [("overdue", True)], 1)]
    assert await morning(staffroom, MONDAY) == [("dean", [("overdue", False)], 1)]
    assert await morning(staffroom, date(2026, 11, 24)) == []


async def test_two_peoples_actions_of_one_plan_are_two_things(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await listed(staffroom, DEAN, LEAD, after=None)
    actions = [
        {"text": "ring on Mondays", "who": "school", "by": "2026-11-19", "assigned_to": "lead"},
        {"text": "a bus card", "who": "agency", "by": "2026-11-20"},
        {"text": "an alarm clock", "who": "family", "by": "2026-11-24"},
    ]
    await staffroom.ok("POST", f"{OF_STUDENT}/support-plans", {"actions": actions, "status": "agreed", "next_review": "2027-01-30"})
    first = [("dean", [("support-plan-action", False)], 1), ("lead", [("support-plan-action", False)], 1)]
    assert await morning(staffroom, SUNDAY) == first
    assert await morning(staffroom, MONDAY) == []
    # Another action falls due: another thing.
    assert await morning(staffroom, date(2026, 11, 24)) == [("dean", [("support-plan-action", False)], 1)]


async def test_nobody_without_an_address_is_told_and_nothing_is_lost_by_it(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await listed(staffroom, HEAD, after=None)
    await staffroom.crossed("1")
    assert await morning(staffroom, SUNDAY) == []
    await listed(staffroom, StaffMember(account="head", name="Ms Head", role="admin", email="head@school.example"), after=None)
    assert await morning(staffroom, MONDAY) == [("head", [("overdue", False)], 1)]


async def test_work_is_assigned_to_accounts_of_the_list(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.crossed("1")
    await staffroom.ok("PATCH", record_path(), {"assigned_to": "Ms Example"})
    await listed(staffroom, DEAN, LEAD, HEAD, after=None)
    assert await staffroom.refused("PATCH", record_path(), {"assigned_to": "Ms Example"}) == (422, "unknown-account")
    meeting = {"at": "2026-11-24T15:30:00+13:00", "assigned_to": "nobody"}
    assert await staffroom.refused("POST", f"{OF_STUDENT}/meetings", meeting) == (422, "unknown-account")
    action = {"text": "ring", "who": "school", "assigned_to": "nobody"}
    assert await staffroom.refused("POST", f"{OF_STUDENT}/support-plans", {"actions": [action]}) == (422, "unknown-account")
    await staffroom.ok("PATCH", record_path(), {"assigned_to": "lead"})
    assert (await staffroom.ok("POST", f"{OF_STUDENT}/meetings", meeting | {"assigned_to": "head"}))["assigned_to"] == "head"
    (item,) = (await staffroom.ok("GET", "/v1/schools/0999/work", role="view"))["items"]
    assert (item["holder"], item["holder_name"]) == ("lead", "Mr Lead")
    assert (await staffroom.ok("GET", "/v1/schools/0999/work?holder=dean"))["items"] == []
    assert len((await staffroom.ok("GET", "/v1/schools/0999/work?holder=lead"))["items"]) == 1
    people = (await staffroom.ok("GET", "/v1/schools/0999/staff", role="view"))["items"]
    assert [(one["account"], one["role"], one["away"]) for one in people] == [
        ("dean", "respond", False),
        ("lead", "manage", False),
        ("head", "admin", False),
    ]
    assert "email" not in people[0]


async def test_who_comes_near_a_step_is_said_once_to_whose_they_are(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    await staffroom.student("2", "10A", year_level=10)
    await listed(staffroom, DEAN, LEAD, HEAD, after=None)
    await staffroom.heart.post(absences(9, code="M"))
    await staffroom.heart.post(absences(7, student="2", code="M"))
    assert await morning(staffroom, SUNDAY) == [("dean", [], 0)]
    assert staffroom_near["dean"] == [(5, 9)]
    assert await morning(staffroom, MONDAY) == []
    await staffroom.heart.post(absences(19, code="M"))
    assert ("dean", [("overdue", False)], 1) in await morning(staffroom, date(2026, 11, 24))
    assert staffroom_near["dean"] == [(10, 19)]
