"""A school's own list of response activities, in its own words, each for a standard code."""

from typing import Any

import pytest

from services.thresholds.plans.activities.activity import STANDARD
from tests.integration.thresholds.records.staffroom import Staffroom, record_path, talked

LIST = "/v1/schools/0999/activities"


def entry(activity: str, standard: str = "conversation-with-whanau", **changes: Any) -> dict[str, Any]:
    return {"activity": activity, "label": activity.title(), "standard": standard, "thresholds": [5, 10, 15], "retired": False} | changes


async def keys(staffroom: Staffroom, **query: Any) -> list[str]:
    return [item["activity"] for item in (await staffroom.ok("GET", LIST, role="view", **query))["items"]]


async def test_the_standard_list_is_there_from_the_start(staffroom: Staffroom) -> None:
    body = await staffroom.ok("GET", LIST, role="view")
    assert body["next"] is None
    assert body["items"][2] == {
        "activity": "conversation-with-whanau",
        "label": "Conversation with whānau",
        "standard": "conversation-with-whanau",
        "thresholds": [5, 10, 15],
        "retired": False,
    }
    assert [item["activity"] for item in body["items"]] == list(STANDARD)
    assert len(body["items"]) == 14


async def test_a_school_sends_its_own_list(staffroom: Staffroom) -> None:
    path = await staffroom.crossed("1", 20)
    await staffroom.ok("POST", f"{path}/responses", talked())
    wanted = [
        entry("ring-home", label="Ring home", thresholds=[10, 5]),
        entry("hui", "meeting-with-whanau", thresholds=[10, 15]),
        entry("fax", "written-communication", retired=True),
    ]
    body = await staffroom.ok("PUT", LIST, wanted, role="admin")
    # What was used stays for those who read it; the thirteen others vanish.
    assert body["items"] == [
        entry("ring-home", label="Ring home", thresholds=[5, 10]),
        entry("hui", "meeting-with-whanau", thresholds=[10, 15]),
        entry("fax", "written-communication", retired=True),
        entry("conversation-with-whanau", label="Conversation with whānau", retired=True),
    ]
    assert await staffroom.ok("GET", LIST, role="view") == body
    assert await keys(staffroom, threshold=5) == ["ring-home"]
    assert await keys(staffroom, threshold=15) == ["hui"]

    # An answer of GET can be sent back as it is.
    assert await staffroom.ok("PUT", LIST, body, role="admin") == body
    record = await staffroom.ok("POST", f"{path}/responses", talked(activity="ring-home"))
    rung = next(response for response in record["responses"] if response["activity"] == "ring-home")
    assert (rung["label"], rung["standard"]) == ("Ring home", "conversation-with-whanau")
    assert (await staffroom.said())[-1][1]["activity"] == "conversation-with-whanau"

    # The label that a response had stays on it; only what was used stays on the list.
    await staffroom.ok("PUT", LIST, {"items": [entry("ring-home", label="Phone", standard="absence-notification-sent")]}, role="admin")
    assert await keys(staffroom) == ["ring-home", "conversation-with-whanau"]
    record = await staffroom.ok("PATCH", f"{path}/responses/{rung['id']}", {"staff": "Mr Example"})
    again = next(response for response in record["responses"] if response["id"] == rung["id"])
    assert (again["label"], again["standard"], again["staff"]) == ("Ring home", "conversation-with-whanau", "Mr Example")


async def test_only_what_is_offered_can_be_recorded(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    at_five, at_ten = record_path("1", 5), record_path("1", 10)
    listed = [
        entry("hui", "meeting-with-whanau", thresholds=[10, 15]),
        entry("fax", retired=True),
        entry("none", "no-action-reason-recorded"),
    ]
    await staffroom.ok("PUT", LIST, listed, role="admin")
    assert await staffroom.refused("POST", f"{at_five}/responses", talked(activity="hui")) == (422, "activity-not-offered")
    assert await staffroom.refused("POST", f"{at_ten}/responses", talked(activity="fax")) == (422, "activity-not-offered")
    assert await staffroom.refused("POST", f"{at_ten}/responses", talked()) == (422, "unknown-activity")
    assert await staffroom.refused("POST", f"{at_ten}/responses", talked(activity="none")) == (422, "note-missing")
    record = await staffroom.ok("POST", f"{at_ten}/responses", talked(activity="hui"))
    response = f"{at_ten}/responses/{record['responses'][0]['id']}"
    assert await staffroom.refused("PATCH", response, {"activity": "fax"}) == (422, "activity-not-offered")
    by_hand = await staffroom.ok("POST", "/v1/schools/0999/students/1/star-records", {})
    assert (await staffroom.ok("POST", f"/v1/star-records/{by_hand['id']}/responses", talked(activity="hui")))["answered"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        "ring-home",
        [entry("Ring home")],
        [entry("ring-home", "ringing")],
        [entry("ring-home", thresholds=[7])],
        [entry("ring-home", thresholds=[])],
        [entry("ring-home", label="")],
        [entry("ring-home", colour="red")],
        [entry("ring-home"), entry("ring-home")],
        [entry("ring-home", retired=True)],
        [entry(f"ring-{number}") for number in range(101)],
    ],
)
async def test_a_list_that_can_not_be(staffroom: Staffroom, wrong: Any) -> None:
    assert await staffroom.refused("PUT", LIST, wrong, role="admin") == (422, "invalid-request")
    assert await keys(staffroom) == list(STANDARD)


async def test_who_may_send_it(staffroom: Staffroom) -> None:
    for role in ("view", "respond", "manage"):
        assert await staffroom.refused("PUT", LIST, [entry("x")], role=role) == (403, "missing-role")
    assert await staffroom.refused("PUT", LIST, [entry("x")], role="admin", groups=["10A"]) == (403, "part-of-a-school")
    assert await staffroom.refused("PUT", LIST, [entry("x")], role="admin", scopes="star:read") == (403, "missing-scope")
    assert await staffroom.refused("PUT", "/v1/schools/0189/activities", [entry("x")], role="admin") == (403, "another-school")
    assert await staffroom.refused("PUT", "/v1/schools/0189/activities", [entry("x")], role="admin", schools="*") == (404, "unknown-school")
    assert len((await staffroom.ok("GET", LIST, role="respond", groups=["10A"]))["items"]) == 14
