"""Once a school has published its plan, staff are offered what the plan names at a threshold, and can record nothing else there."""

from typing import Any

from tests.integration.thresholds.plans.board import PLAN, whole
from tests.integration.thresholds.records.staffroom import Staffroom, record_path, talked

LIST = "/v1/schools/0999/activities"


async def keys(staffroom: Staffroom, threshold: int) -> list[str]:
    return [item["activity"] for item in (await staffroom.ok("GET", LIST, role="view", threshold=threshold))["items"]]


def entry(activity: str, **changes: Any) -> dict[str, Any]:
    return {"activity": activity, "label": activity.title(), "standard": activity, "thresholds": [5, 10, 15]} | changes


async def test_the_plan_decides_once_it_is_published(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    await staffroom.ok("PUT", PLAN, whole(), role="admin")
    assert len(await keys(staffroom, 5)) == 14
    await staffroom.ok("POST", f"{record_path('1', 5)}/responses", talked(activity="in-school-support"))

    await staffroom.ok("POST", f"{PLAN}/publish", {}, role="admin")
    assert await keys(staffroom, 5) == ["written-communication", "conversation-with-whanau"]
    assert await keys(staffroom, 10) == ["meeting-with-whanau"]
    assert await keys(staffroom, 15) == ["attendance-service-referral"]
    # The list itself is as it was.
    assert len((await staffroom.ok("GET", LIST, role="view"))["items"]) == 14

    await staffroom.ok("POST", f"{record_path('1', 5)}/responses", talked())
    refused = await staffroom.as_("dean", "manage", "POST", f"{record_path('1', 10)}/responses", talked())
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:nz-star:problem:activity-not-offered")
    assert refused.json()["detail"] == "the school's published plan does not offer conversation-with-whanau at 10 days"
    # On a record that was made by hand, of no threshold, the whole list counts.
    by_hand = await staffroom.ok("POST", "/v1/schools/0999/students/1/star-records", {})
    await staffroom.ok("POST", f"/v1/star-records/{by_hand['id']}/responses", talked(activity="in-school-support"))


async def test_what_the_list_retires_is_offered_by_no_plan(staffroom: Staffroom) -> None:
    await staffroom.ok("PUT", PLAN, whole(), role="admin")
    await staffroom.ok("POST", f"{PLAN}/publish", {}, role="admin")
    retired = [
        entry("written-communication", retired=True),
        entry("conversation-with-whanau", thresholds=[15]),
        entry("meeting-with-whanau"),
        entry("attendance-service-referral"),
    ]
    await staffroom.ok("PUT", LIST, retired, role="admin")
    # Where the list would offer an activity is of no account any more.
    assert await keys(staffroom, 5) == ["conversation-with-whanau"]
    assert await keys(staffroom, 15) == ["attendance-service-referral"]

    checklist = await staffroom.ok("GET", f"{PLAN}/checklist", role="view")
    assert [(point["point"], point["why"]) for point in checklist["items"] if not point["met"]] == [
        ("threshold-5", "not among the school's activities, or retired: written-communication")
    ]
