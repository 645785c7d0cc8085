"""Contacts: evidence in any case, a response only where somebody was reached, once however often they are sent."""

from datetime import timedelta
from typing import Any

from tests.integration.thresholds.casework.pieces import CONTACTS, rang
from tests.integration.thresholds.records.staffroom import Staffroom, record_path

TALKED = "conversation-with-whanau"


async def listed(staffroom: Staffroom, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await staffroom.ok("GET", CONTACTS, role="view", **query))["items"]
    return items


async def responses(staffroom: Staffroom, threshold: int = 5) -> list[str]:
    return [response["activity"] for response in (await staffroom.ok("GET", record_path("1", threshold)))["responses"]]


async def test_an_attempt_that_reached_nobody_is_evidence_and_no_response(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    made = await staffroom.ok("POST", CONTACTS, rang(), role="respond", subject="office")
    assert (made["took_part"], made["record"], made["response"], made["term"]) == (None, None, None, "2026-T4")
    assert made["with"] == "mother"
    assert made["recorded_by"] == "office"
    refused = await staffroom.refused("POST", CONTACTS, rang(activity=TALKED))
    assert refused == (422, "nobody-reached")
    assert await listed(staffroom) == [made]
    assert await responses(staffroom) == []


async def test_one_that_reached_somebody_can_be_a_response_on_the_highest_open_record(staffroom: Staffroom) -> None:
    await staffroom.crossed(half_days=20)
    made = await staffroom.ok("POST", CONTACTS, rang(outcome="reached", note="she was ill", activity=TALKED))
    assert made["took_part"] is True
    record = await staffroom.ok("GET", record_path("1", 10))
    assert (made["record"], made["response"]) == (record["id"], record["responses"][0]["id"])
    assert record["responses"][0]["occurred_on"] == "2026-11-19"
    assert record["responses"][0]["note"] == "she was ill"
    assert await responses(staffroom, 5) == []
    assert [name for name, _ in await staffroom.said()] == ["response.recorded"]


async def test_without_an_open_record_nothing_is_recorded(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    assert await staffroom.refused("POST", CONTACTS, rang(outcome="declined", activity=TALKED)) == (409, "no-open-record")
    await staffroom.crossed()
    assert await staffroom.refused("POST", CONTACTS, rang(outcome="reached", activity="juggling")) == (422, "unknown-activity")
    assert await listed(staffroom) == []
    declined = await staffroom.ok("POST", CONTACTS, rang(outcome="declined"))
    assert declined["took_part"] is False


async def test_the_same_request_is_recorded_once(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    key = {"Idempotency-Key": "call-7"}
    body = rang(outcome="reached", activity=TALKED)
    first = await staffroom.ok("POST", CONTACTS, body, headers=key)
    assert await staffroom.ok("POST", CONTACTS, body, headers=key) == first
    assert await staffroom.refused("POST", CONTACTS, rang(), headers=key) == (409, "key-used")
    assert await responses(staffroom) == [TALKED]
    now = {name: value for name, value in rang().items() if name != "at"}
    made = await staffroom.ok("POST", CONTACTS, now, headers={"Idempotency-Key": "call-8"})
    assert made["at"].startswith("2026-11-20T02:00:00")
    staffroom.clock.now += timedelta(seconds=9)
    assert await staffroom.ok("POST", CONTACTS, now, headers={"Idempotency-Key": "call-8"}) == made
    await staffroom.crossed("2")
    other = await staffroom.ok("POST", "/v1/schools/0999/students/2/contacts", body, headers=key)
    assert other["id"] != first["id"]


async def test_what_can_t_be_a_contact_is_refused(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    ahead = rang(at="2026-11-20T15:06:00+13:00")
    assert await staffroom.refused("POST", CONTACTS, ahead) == (422, "future-date")
    await staffroom.ok("POST", CONTACTS, rang(at="2026-11-20T15:04:00+13:00"))
    for wrong in (rang(how="pigeon"), rang(at="2026-11-19T10:15:00"), rang(at="0001-01-01T00:00:00Z"), rang(outcom="reached")):
        assert (await staffroom.refused("POST", CONTACTS, wrong))[0] == 422
    assert await staffroom.refused("POST", "/v1/schools/0999/students/nobody/contacts", rang()) == (404, "unknown-student")
    assert await staffroom.refused("POST", CONTACTS, rang(), role="view") == (403, "missing-role")
    assert await staffroom.refused("POST", CONTACTS, rang(), groups=["9Z"]) == (403, "part-of-a-school")
    assert await staffroom.refused("GET", CONTACTS, schools="0189") == (403, "another-school")


async def test_a_withdrawn_contact_takes_its_response_back(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    made = await staffroom.ok("POST", CONTACTS, rang(outcome="reached", activity=TALKED), subject="office", role="respond")
    path = f"{CONTACTS}/{made['id']}"
    assert await staffroom.refused("DELETE", path, subject="tutor", role="respond") == (403, "missing-role")
    assert await staffroom.refused("DELETE", f"/v1/schools/0999/students/2/contacts/{made['id']}") == (404, "unknown-student")
    gone = await staffroom.ok("DELETE", path, subject="office", role="respond")
    assert gone["status"] == "withdrawn"
    assert await staffroom.ok("DELETE", path, subject="office", role="respond") == gone
    assert await listed(staffroom) == []
    assert [item["id"] for item in await listed(staffroom, include_withdrawn=True)] == [made["id"]]
    assert await responses(staffroom) == []
    assert [name for name, _ in await staffroom.said()] == ["response.recorded", "response.withdrawn"]


async def test_the_list_is_in_pages_and_of_every_key_of_the_child(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.student("2", "9A")
    for day in (16, 17, 18):
        await staffroom.ok("POST", CONTACTS, rang(at=f"2026-11-{day}T10:15:00+13:00"))
    await staffroom.ok("POST", "/v1/schools/0999/students/2/contacts", rang(at="2026-11-19T10:15:00+13:00", note="of the other key"))
    async with staffroom.heart.engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO merged_keys (school, student, into_student) VALUES ('0999', '2', '1')")
    first = await staffroom.ok("GET", CONTACTS, role="view", groups=["9A"], limit=2)
    assert [item["note"] for item in first["items"]] == ["of the other key", None]
    second = await staffroom.ok("GET", CONTACTS, role="view", limit=2, cursor=first["next"])
    assert [item["at"] for item in second["items"]] == ["2026-11-17T10:15:00+13:00", "2026-11-16T10:15:00+13:00"]
    assert second["next"] is None
    assert (await staffroom.ok("GET", CONTACTS, role="view", term="2026-T3"))["items"] == []
    actions = {line["action"] for line in await staffroom.audit(student="1")}
    assert actions == {"record-contact", "read-contacts"}
