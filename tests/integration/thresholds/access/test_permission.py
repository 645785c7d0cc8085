"""Permission to see and do: by scope, role, school, and the part of the school that somebody looks after."""

import itertools
from typing import Any

import pytest

from shared.identifiers import SchoolNumber, star_record_id, student_id
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom, record_path, talked

OUTSIDE = (403, "part-of-a-school")
NO_RECORD = (404, "unknown-record")
"""The answer to a record's id where there is no such record for the caller: not even that a child has one is told."""
ROLES = ("view", "respond", "manage", "admin")
UNKNOWN = "00000000-0000-0000-0000-000000000000"


async def school_of_parts(staffroom: Staffroom) -> None:
    """1 is in 10A, 2 in 10B and 10A Music, 3 in year 9, 4 has no group; 5 was never sent. All have been absent for five days."""
    await staffroom.student("1", "10A", year_level=10)
    await staffroom.student("2", "10B", "10A Music", year_level=10)
    await staffroom.student("3", "9A", year_level=9)
    await staffroom.student("4")
    for student in "12345":
        await staffroom.crossed(student)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["10A"], "1"),
        (["10A Music"], "2"),
        (["year:10"], "12"),
        (["year:9", "10B"], "23"),
        (["year:9", "year:10", "10A"], "123"),
        (["11C"], ""),
        (["10a"], ""),
    ],
)
async def test_the_lists_show_ones_own_part(staffroom: Staffroom, groups: list[str], expected: str) -> None:
    await school_of_parts(staffroom)
    for path in ("/v1/schools/0999/students", "/v1/schools/0999/star-records"):
        page = await staffroom.ok("GET", path, role="view", groups=groups)
        assert "".join(sorted(item["student"] for item in page["items"])) == expected
        assert page["next"] is None
        # Pages of one: as many as there are, and none of them empty.
        cursor: dict[str, Any] = {}
        for number in range(len(expected)):
            page = await staffroom.ok("GET", path, role="view", groups=groups, limit=1, **cursor)
            assert len(page["items"]) == 1
            assert (page["next"] is None) == (number == len(expected) - 1)
            cursor = {"cursor": page["next"]}
        everybody = await staffroom.ok("GET", path, role="view")
        assert sorted(item["student"] for item in everybody["items"]) == list("12345")


async def test_filters_stay_inside_the_part(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    tutor: dict[str, Any] = {"role": "view", "groups": ["10A"]}
    for query in ({"group": "10B"}, {"year_level": 9}, {"tier": "green"}):
        assert (await staffroom.ok("GET", "/v1/schools/0999/students", **tutor, **query))["items"] == []
    for query in ({"student": "2"}, {"status": "closed"}, {"overdue": "false"}):
        assert (await staffroom.ok("GET", "/v1/schools/0999/star-records", **tutor, **query))["items"] == []
    (mine,) = (await staffroom.ok("GET", "/v1/schools/0999/star-records", **tutor, overdue=True))["items"]
    assert mine["student"] == "1"


async def test_a_student_outside_the_part_is_not_there(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    await staffroom.ok("PUT", "/v1/schools/0999/students/2/hold", {"reason": "private"}, role="manage")
    theirs = await staffroom.ok("POST", f"{record_path('2')}/responses", talked())
    response = theirs["responses"][0]["id"]
    tutor: dict[str, Any] = {"role": "manage", "groups": ["10A"]}
    before = len(await staffroom.audit())
    # Somebody else's, somebody whose groups nobody knows, and nobody at all look the same.
    for student in ("2", "4", "5", "nobody"):
        base = f"/v1/schools/0999/students/{student}"
        record = record_path(student)
        for method, path, body in (
            ("GET", f"{base}/attendance", None),
            ("GET", f"{base}/hold", None),
            ("PUT", f"{base}/hold", {"reason": "x"}),
            ("DELETE", f"{base}/hold", None),
            ("POST", f"{base}/star-records", {}),
            ("GET", record, None),
            ("GET", f"{record}/history", None),
            ("PATCH", record, {"status": "closed"}),
            ("PUT", f"{record}/hold", {"reason": "x"}),
            ("DELETE", f"{record}/hold", None),
            ("POST", f"{record}/responses", talked()),
            ("PATCH", f"{record}/responses/{response}", {"staff": "x"}),
            ("DELETE", f"{record}/responses/{response}", None),
        ):
            outside = NO_RECORD if path.startswith(record) else OUTSIDE
            assert await staffroom.refused(method, path, body, **tutor) == outside, (method, path)
    assert await staffroom.ok("GET", record_path("2")) == theirs
    assert len([line for line in await staffroom.audit() if line["action"] != "refused"]) == before + 1


async def test_another_schools_record_is_outside_of_every_part(staffroom: Staffroom) -> None:
    await staffroom.heart.school("0189")
    await staffroom.student("1", "10A", school="0189")
    await staffroom.heart.post(absences(10), "0189")
    there = f"/v1/star-records/{star_record_id(student_id(SchoolNumber('0189'), '1'), '2026-T4', 5)}"
    assert await staffroom.refused("GET", there, groups=["10A"]) == NO_RECORD
    assert await staffroom.refused("GET", there) == NO_RECORD
    assert (await staffroom.ok("GET", there, schools="0189 0999", groups=["10A"]))["school"] == "0189"


async def test_a_student_who_changes_groups_changes_hands(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    tutor: dict[str, Any] = {"role": "manage", "groups": ["10A"]}
    assert (await staffroom.ok("GET", record_path("1"), **tutor))["student"] == "1"
    staffroom.clock.now = staffroom.clock.now.replace(minute=30)
    await staffroom.student("1", "10B", year_level=10)
    assert await staffroom.refused("GET", record_path("1"), **tutor) == NO_RECORD
    assert (await staffroom.ok("GET", record_path("1"), role="view", groups=["10B"]))["student"] == "1"


async def test_in_ones_own_part_everything_goes_by_role(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    record, base = record_path("1"), "/v1/schools/0999/students/1"
    wants = {
        ("GET", f"{base}/attendance"): ("view", None),
        ("GET", "/v1/schools/0999/students"): ("view", None),
        ("GET", "/v1/schools/0999/star-records"): ("view", None),
        ("GET", record): ("view", None),
        ("GET", f"{record}/history"): ("view", None),
        ("GET", f"{base}/hold"): ("view", None),
        ("GET", "/v1/schools/0999/activities"): ("view", None),
        ("GET", "/v1/schools/0999/star-settings"): ("view", None),
        ("POST", f"{record}/responses"): ("respond", talked()),
        ("PATCH", record): ("manage", {"assigned_to": "Ms Example"}),
        ("POST", f"{base}/star-records"): ("manage", {}),
        ("PUT", f"{base}/hold"): ("manage", {"reason": "x"}),
        ("DELETE", f"{base}/hold"): ("manage", None),
        ("PUT", f"{record}/hold"): ("manage", {"reason": "x"}),
        ("DELETE", f"{record}/hold"): ("manage", None),
    }
    for ((method, path), (needed, body)), groups in itertools.product(wants.items(), ([], ["10A"])):
        for role in ROLES:
            answer = await staffroom.as_("ana", role, method, path, body, groups=groups)
            if ROLES.index(role) < ROLES.index(needed):
                assert (answer.status_code, answer.json()["type"]) == (403, "urn:nz-star:problem:missing-role"), (method, path, role)
            else:
                # A hold that was lifted before is not there to be lifted again.
                assert answer.is_success or (method == "DELETE" and answer.status_code == 404), (method, path, role, answer.text)


async def test_what_stays_with_the_whole_school(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    everything = {"role": "admin", "scopes": "star:read star:write events:subscribe ops"}
    for path in (
        "/v1/schools/0999/audit",
        "/v1/schools/0999/recalculations",
        "/v1/events",
        "/v1/dead-letters",
    ):
        assert await staffroom.refused("GET", path, groups=["year:10"], **everything) == OUTSIDE
        assert (await staffroom.as_("ana", method="GET", path=path, **everything)).status_code == 200


async def test_scopes_and_schools_still_bound(staffroom: Staffroom) -> None:
    await school_of_parts(staffroom)
    record, base = record_path("1"), "/v1/schools/0999/students/1"
    reads = (
        f"{base}/attendance",
        "/v1/schools/0999/students",
        "/v1/schools/0999/star-records",
        record,
        f"{record}/history",
        f"{base}/hold",
    )
    writes = (("PATCH", record, {"status": "closed"}), ("POST", f"{record}/responses", talked()), ("PUT", f"{base}/hold", {"reason": "x"}))
    for path in reads:
        assert (await staffroom.http.get(path)).status_code == 401
        assert await staffroom.refused("GET", path, scopes="star:write") == (403, "missing-scope")
        elsewhere = NO_RECORD if path.startswith(record) else (403, "another-school")
        assert await staffroom.refused("GET", path, schools="0189") == elsewhere
    for method, path, body in writes:
        assert (await staffroom.http.request(method, path, json=body)).status_code == 401
        assert await staffroom.refused(method, path, body, scopes="star:read") == (403, "missing-scope")
        elsewhere = NO_RECORD if path.startswith(record) else (403, "another-school")
        assert await staffroom.refused(method, path, body, schools="0189") == elsewhere
    assert await staffroom.refused("GET", f"/v1/star-records/{UNKNOWN}") == (404, "unknown-record")
    # A system's token has no role, and does all that its scopes allow.
    assert (await staffroom.ok("PATCH", record, {"status": "closed"}, role=None))["status"] == "closed"
