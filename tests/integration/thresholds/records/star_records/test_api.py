"""STAR records: decided about, due, listed, and opened by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.events.data import TermDates
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import NOW, Staffroom, record_id, record_path, talked

LIST = "/v1/schools/0999/star-records"
# Friday 16 October 2026 is the fifth day of the term, and so the one on which ten half days are reached; 26 October is Labour Day.
DUE = {5: "2026-10-23", 10: "2026-11-02", 15: "2026-11-05"}


def decided(record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in ("status", "outcome", "assigned_to", "due_on", "due"))


async def listed(staffroom: Staffroom, **query: Any) -> list[tuple[str, int]]:
    items = (await staffroom.ok("GET", LIST, role="view", **query))["items"]
    return sorted((item["student"], item["threshold"]) for item in items)


async def test_a_record_is_closed_and_opened_again(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    assert decided(await staffroom.ok("GET", path)) == ("open", None, None, DUE[5], "rule")
    assert decided(await staffroom.ok("PATCH", path, {"status": "closed"})) == ("closed", None, None, DUE[5], "rule")
    changes = {"outcome": "referred", "assigned_to": "Ms Example", "due_on": "2026-12-01"}
    assert decided(await staffroom.ok("PATCH", path, changes)) == ("closed", "referred", "Ms Example", "2026-12-01", "by-hand")
    assert decided(await staffroom.ok("PATCH", path, {"status": "open"})) == ("open", None, "Ms Example", "2026-12-01", "by-hand")
    nobody: dict[str, Any] = {"assigned_to": None, "due_on": None}
    assert decided(await staffroom.ok("PATCH", path, nobody)) == ("open", None, None, DUE[5], "rule")
    closing = {"status": "closed", "outcome": "other"}
    assert decided(await staffroom.ok("PATCH", path, closing)) == ("closed", "other", None, DUE[5], "rule")
    assert decided(await staffroom.ok("GET", path)) == ("closed", "other", None, DUE[5], "rule")

    told = [(data["status"], data["outcome"], data["due_on"]) for _, data in await staffroom.said()]
    assert told == [
        ("closed", None, date(2026, 10, 23)),
        ("closed", "referred", date(2026, 12, 1)),
        ("open", None, date(2026, 12, 1)),
        ("open", None, date(2026, 10, 23)),
        ("closed", "other", date(2026, 10, 23)),
    ]
    kind, data = (await staffroom.said())[0]
    assert kind == "record.updated"
    assert "assigned_to" not in data
    assert (data["record_id"], data["absent_half_days"], data["crossed_on"]) == (record_id(), 10, date(2026, 10, 16))


async def test_what_changes_nothing_is_not_said(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    before = await staffroom.ok("GET", path)
    staffroom.clock.now += timedelta(hours=1)
    assert await staffroom.ok("PATCH", path, {"status": "open", "assigned_to": None, "outcome": None}) == before
    await staffroom.ok("PATCH", path, {"assigned_to": "Ms Example"})
    assert await staffroom.said() == []
    assert [step["action"] for step in (await staffroom.ok("GET", f"{path}/history"))["items"]] == ["crossed", "changed"]


async def test_a_crossing_takes_back_what_was_decided_about_the_one_before(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    await staffroom.ok("PATCH", path, {"status": "closed", "outcome": "attendance-improved", "due_on": "2026-12-01", "assigned_to": "Mr E"})
    await staffroom.heart.post(absences(1, code="P", recorded_at=NOW + timedelta(seconds=1)))
    assert decided(await staffroom.ok("GET", path)) == ("withdrawn", None, "Mr E", "2026-12-01", "by-hand")
    assert await staffroom.refused("PATCH", path, {"status": "open"}) == (409, "record-withdrawn")
    await staffroom.heart.post(absences(1, first=10))
    # Reached on the sixth day now, a Monday.
    assert decided(await staffroom.ok("GET", path)) == ("open", None, "Mr E", "2026-10-27", "rule")
    steps = (await staffroom.ok("GET", f"{path}/history"))["items"]
    assert [(step["action"], step["by"]) for step in steps] == [
        ("crossed", None),
        ("closed", "dean"),
        ("retracted", None),
        ("crossed", None),
    ]
    assert steps[2]["changes"] == {
        "status": {"from": "closed", "to": "withdrawn"},
        "outcome": {"from": "attendance-improved", "to": None},
    }
    assert steps[3]["changes"] == {
        "status": {"from": "withdrawn", "to": "open"},
        "absent_days": {"from": 5.0, "to": 5.0},
        "crossed_on": {"from": "2026-10-16", "to": "2026-10-19"},
        "due_on": {"from": "2026-12-01", "to": None},
    }


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 422, "invalid-request"),
        ({"status": None}, 422, "invalid-request"),
        ({"status": "withdrawn"}, 422, "invalid-request"),
        ({"status": "closed", "outcome": "expelled"}, 422, "invalid-request"),
        ({"stat": "closed"}, 422, "invalid-request"),
        ({"outcome": "referred"}, 422, "outcome-of-open-record"),
        ({"status": "open", "outcome": "referred"}, 422, "outcome-of-open-record"),
        ({"due_on": "2026-10-15"}, 422, "due-before-crossing"),
        ({"assigned_to": ""}, 422, "invalid-request"),
    ],
)
async def test_what_can_not_be_decided(staffroom: Staffroom, body: dict[str, Any], status: int, kind: str) -> None:
    path = await staffroom.crossed()
    before = await staffroom.ok("GET", path)
    assert await staffroom.refused("PATCH", path, body) == (status, kind)
    assert await staffroom.ok("GET", path) == before
    assert await staffroom.said() == []


async def test_what_is_due_and_what_is_overdue(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 30)
    await staffroom.crossed("2", 10)
    everything = (await staffroom.ok("GET", LIST))["items"]
    assert {(item["student"], item["threshold"]): (item["due_on"], item["overdue"]) for item in everything} == {
        ("1", 5): (DUE[5], True),
        ("1", 10): (DUE[10], True),
        ("1", 15): (DUE[15], True),
        ("2", 5): (DUE[5], True),
    }
    # On its due day a record is not overdue yet: noon of Monday 2 November there.
    staffroom.clock.now = datetime(2026, 11, 1, 23, 0, tzinfo=UTC)
    assert await listed(staffroom, overdue=True) == [("1", 5), ("2", 5)]
    assert await listed(staffroom, overdue=False) == [("1", 10), ("1", 15)]
    staffroom.clock.now += timedelta(days=1)
    assert await listed(staffroom, overdue=True) == [("1", 5), ("1", 10), ("2", 5)]

    assert await listed(staffroom, due_before="2026-10-23") == []
    assert await listed(staffroom, due_before="2026-10-24") == [("1", 5), ("2", 5)]
    assert await listed(staffroom, due_before="2026-11-06", student="1") == [("1", 5), ("1", 10), ("1", 15)]

    # A response answers, a withdrawn one does not; so does closing; a day set by hand goes before the rule.
    answered = await staffroom.ok("POST", f"{record_path('1', 5)}/responses", talked(occurred_on="2026-10-30"))
    await staffroom.ok("PATCH", record_path("1", 10), {"due_on": "2026-12-01", "assigned_to": "Ms Example"})
    assert (answered["answered"], answered["overdue"]) == (True, False)
    assert await listed(staffroom, overdue=True) == [("2", 5)]
    await staffroom.ok("DELETE", f"{record_path('1', 5)}/responses/{answered['responses'][0]['id']}")
    assert await listed(staffroom, overdue=True) == [("1", 5), ("2", 5)]
    await staffroom.ok("PATCH", record_path("2", 5), {"status": "closed"})
    assert await listed(staffroom, overdue=True) == [("1", 5)]
    assert await listed(staffroom, overdue=False) == [("1", 10), ("1", 15), ("2", 5)]
    assert await listed(staffroom, due_before="2026-12-02", assigned_to="Ms Example") == [("1", 10)]
    assert await listed(staffroom, due_before="2026-12-01", assigned_to="Ms Example") == []
    assert await listed(staffroom, overdue=True, assigned_to="Ms Example") == []


async def test_the_school_sets_its_own_days(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    settings = "/v1/schools/0999/star-settings"
    ours = {"response_due_school_days": {"5": 5, "10": 5, "15": 3}}
    assert await staffroom.ok("GET", settings, role="view") == ours
    own = {"response_due_school_days": {"5": 30, "10": 5, "15": None}}
    assert await staffroom.ok("PUT", settings, own, role="admin") == own
    assert await staffroom.ok("GET", settings, role="view") == own
    # Six weeks and a day after 16 October: 30 school days, since Labour Day is none.
    assert (await staffroom.ok("GET", path))["due_on"] == "2026-11-30"
    assert await listed(staffroom, overdue=True) == []
    await staffroom.crossed("2", 30)
    red = await staffroom.ok("GET", record_path("2", 15))
    assert (red["due_on"], red["due"], red["overdue"]) == (None, None, False)
    for wrong in (
        {"response_due_school_days": {"5": 5, "10": 5}},
        {"response_due_school_days": {"5": 0, "10": 5, "15": 5}},
        {"response_due_school_days": {"5": 101, "10": 5, "15": 5}},
        {"response_due_school_days": {"5": 5, "10": 5, "15": 5, "20": 5}},
        {"response_due_school_days": {"at_5": 5, "at_10": 5, "at_15": 5}},
        {},
    ):
        assert await staffroom.refused("PUT", settings, wrong, role="admin") == (422, "invalid-request")
    assert await staffroom.ok("GET", settings) == own
    for role in ("view", "respond", "manage"):
        assert await staffroom.refused("PUT", settings, own, role=role) == (403, "missing-role")


async def test_other_due_days_are_tried_on_the_records_of_the_last_weeks(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 10)
    await staffroom.crossed("2", 10)
    await staffroom.ok("POST", f"{record_path('2', 5)}/responses", talked(occurred_on="2026-10-23"))
    path = "/v1/schools/0999/star-settings/what-if"

    async def states(days: int | None, **more: int) -> tuple[dict[str, int], dict[str, int], list[tuple[str, str, str | None]]]:
        body = {"response_due_school_days": {"5": days, "10": 5, "15": 3}, **more}
        found = await staffroom.ok("POST", path, body, role="manage")
        before, after = ({one["state"]: one["records"] for one in found[side] if one["records"]} for side in ("before", "after"))
        return before, after, [(one["student"], one["after"], one["due_after"]) for one in found["items"]]

    # Both crossed on Friday 16 October. Five school days later is Friday the 23rd.
    as_it_is = {"answered": 1, "overdue": 1}
    assert await states(5, weeks=12) == (as_it_is, as_it_is, [])
    assert await states(4, weeks=12) == (as_it_is, {"late": 1, "overdue": 1}, [("1", "overdue", "2026-10-22"), ("2", "late", "2026-10-22")])
    assert await states(None, weeks=12, limit=1) == (as_it_is, {"no-day": 2}, [("1", "no-day", None)])
    own = {"response_due_school_days": {"5": 5, "10": 5, "15": 3}}
    assert await staffroom.refused("POST", path, own, role="respond") == (403, "missing-role")
    assert await staffroom.ok("GET", "/v1/schools/0999/star-settings") == own


async def test_a_crossing_at_the_end_of_term_is_due_in_the_next(staffroom: Staffroom) -> None:
    # The term has 98 half days; the last ten are its last week.
    await staffroom.heart.post(absences(10, first=88))
    assert (await staffroom.ok("GET", record_path()))["crossed_on"] == "2026-12-18"
    assert (await staffroom.ok("GET", record_path()))["due_on"] is None
    staffroom.heart.now += timedelta(hours=1)
    terms = [TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18)), TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 16))]
    await staffroom.heart.school(terms=terms)
    # Tuesday 2 February to Tuesday 9 February, without Waitangi Day, observed on Monday the 8th.
    assert (await staffroom.ok("GET", record_path()))["due_on"] == "2027-02-09"


async def test_a_record_made_by_hand(staffroom: Staffroom) -> None:
    await staffroom.student("7")
    path = "/v1/schools/0999/students/7/star-records"
    bare = await staffroom.ok("POST", path, {})
    assert (bare["threshold"], bare["origin"], bare["reason"], bare["due_on"], bare["due"]) == (None, "manual", None, None, None)
    body = {"threshold": 10, "reason": "came from another school", "assigned_to": "Ms Example", "due_on": "2026-11-27"}
    full = await staffroom.ok("POST", path, body)
    assert (full["threshold"], full["reason"], full["assigned_to"], full["due_on"], full["due"]) == (
        10,
        "came from another school",
        "Ms Example",
        "2026-11-27",
        "by-hand",
    )
    by_rule = await staffroom.ok("POST", path, {"threshold": 5})
    # Friday 20 November and five school days.
    assert (by_rule["crossed_on"], by_rule["due_on"]) == ("2026-11-20", "2026-11-27")
    told = [
        (data["status"], data["threshold"], data["absent_half_days"], data["crossed_on"], data["due_on"])
        for _, data in await staffroom.said()
    ]
    friday = date(2026, 11, 20)
    assert told == [
        ("open", None, 0, friday, None),
        ("open", 10, 0, friday, date(2026, 11, 27)),
        ("open", 5, 0, friday, date(2026, 11, 27)),
    ]
    (step,) = (await staffroom.ok("GET", f"/v1/star-records/{full['id']}/history"))["items"]
    assert (step["action"], step["by"], step["changes"]["reason"]) == ("opened", "dean", {"from": None, "to": "came from another school"})
    for wrong, kind in (
        ({"due_on": "2026-11-19"}, "due-before-crossing"),
        ({"why": "x"}, "invalid-request"),
        ({"reason": ""}, "invalid-request"),
    ):
        assert await staffroom.refused("POST", path, wrong) == (422, kind)
    assert await staffroom.refused("POST", "/v1/schools/0999/students/8/star-records", {}) == (404, "unknown-student")


async def test_pages_of_the_list(staffroom: Staffroom) -> None:
    for student in range(7):
        await staffroom.crossed(str(student))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for expected in (3, 3, 1):
        page = await staffroom.ok("GET", LIST, limit=3, overdue=True, **cursor)
        assert len(page["items"]) == expected
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert page["next"] is None
    assert seen == sorted(str(record_id(str(student))) for student in range(7))


@pytest.mark.parametrize(
    "query",
    [
        {"overdeu": "true"},
        {"threshold": "7"},
        {"due_before": "soon"},
        {"cursor": "eh"},
        {"cursor": "WyJ4Il0"},
        {"student": "\x00"},
        {"limit": 0},
    ],
)
async def test_what_can_not_be_asked_for(staffroom: Staffroom, query: dict[str, Any]) -> None:
    status, kind = await staffroom.refused("GET", LIST, **query)
    assert (status, kind) == (422, "bad-cursor" if "cursor" in query else "invalid-request")


async def test_the_threshold_can_be_asked_for(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    assert await listed(staffroom, threshold=10) == [("1", 10)]
    assert await listed(staffroom, threshold=15) == []


@pytest.mark.parametrize("query", [{"teir": "red"}, {"tier": "blue"}, {"year_level": 16}, {"group": "\x00"}, {"sort": "age"}, {"limit": 0}])
async def test_what_can_not_be_asked_for_of_the_students(staffroom: Staffroom, query: dict[str, Any]) -> None:
    assert await staffroom.refused("GET", "/v1/schools/0999/students", **query) == (422, "invalid-request")


async def test_a_record_is_found_by_its_student(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    await staffroom.student("2", "10B", year_level=10)
    await staffroom.crossed("1", 20)
    await staffroom.crossed("2", 10)
    await staffroom.crossed("3", 10)
    items = (await staffroom.ok("GET", LIST, sort="name"))["items"]
    assert [(item["student"], item["name"], item["year_level"], item["groups"]) for item in items] == [
        ("1", "Hemi Example 1", 9, ["9A"]),
        ("1", "Hemi Example 1", 9, ["9A"]),
        ("2", "Hemi Example 2", 10, ["10B"]),
        ("3", None, None, []),
    ]
    assert await listed(staffroom, q="exa 2") == [("2", 5)]
    assert await listed(staffroom, q="1") == [("1", 5), ("1", 10)]
    (other,) = (await staffroom.ok("GET", LIST, q="exa 2"))["items"]
    assert await listed(staffroom, record=[other["id"]], groups=["9A"]) == []
    assert await listed(staffroom, year_level=10) == await listed(staffroom, group="10B") == [("2", 5)]
    assert await listed(staffroom, q="hemi", groups=["9A"]) == [("1", 5), ("1", 10)]
    line = (await staffroom.audit(action="list-records"))[0]
    assert line["filters"] == {"searched": True}


async def test_records_in_the_order_of_their_days(staffroom: Staffroom) -> None:
    # Five, ten and fifteen days: crossed on 16 October, 23 October and 2 November.
    await staffroom.crossed("1", 30)
    await staffroom.ok("PATCH", record_path("1", 5), {"due_on": "2026-11-30"})
    by_hand = await staffroom.ok("POST", "/v1/schools/0999/students/1/star-records", {})

    async def thresholds(**query: Any) -> list[int | None]:
        return [item["threshold"] for item in (await staffroom.ok("GET", LIST, **query))["items"]]

    assert await thresholds(sort="crossed_on") == [5, 10, 15, None]
    assert await thresholds(sort="-crossed_on") == [None, 15, 10, 5]
    assert await thresholds(crossed_from="2026-10-23", crossed_to="2026-11-02", sort="crossed_on") == [10, 15]
    items = (await staffroom.ok("GET", LIST, sort="due_on"))["items"]
    assert [item["due_on"] for item in items] == [DUE[10], DUE[15], "2026-11-30", None]
    assert items[-1]["id"] == by_hand["id"]
    assert await thresholds(record=[by_hand["id"], items[0]["id"]], sort="due_on") == [10, None]
    first = await staffroom.ok("GET", LIST, sort="due_on", limit=2)
    assert await thresholds(sort="due_on", limit=2, cursor=first["next"]) == [5, None]
    assert await staffroom.refused("GET", LIST, sort="id", cursor=first["next"]) == (422, "bad-cursor")


async def test_a_record_made_by_hand_is_made_once(staffroom: Staffroom) -> None:
    await staffroom.student("7")
    path, key = "/v1/schools/0999/students/7/star-records", {"Idempotency-Key": "record-7"}
    first = await staffroom.ok("POST", path, {"threshold": 5, "reason": "moved here"}, headers=key)
    assert await staffroom.ok("POST", path, {"threshold": 5, "reason": "moved here"}, headers=key) == first
    assert await staffroom.refused("POST", path, {"threshold": 10}, headers=key) == (409, "key-used")
    assert len(await staffroom.said()) == 1
