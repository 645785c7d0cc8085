"""Meetings: planned, moved, held, missed, cancelled; a held one is a response, once; calendar files that calendars can read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar

from tests.integration.thresholds.casework.pieces import MEETINGS, meets
from tests.integration.thresholds.records.staffroom import SCHOOL, Staffroom, record_path

AFTER = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""After the meeting has begun."""


async def responses(staffroom: Staffroom, threshold: int = 5) -> list[str]:
    return [response["standard"] for response in (await staffroom.ok("GET", record_path("1", threshold)))["responses"]]


async def file(staffroom: Staffroom, meeting: str) -> Any:
    answer = await staffroom.as_("dean", "view", "GET", f"/v1/meetings/{meeting}.ics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "Hemi" not in answer.text
    return Calendar.from_ical(answer.content)


async def test_a_held_meeting_writes_the_activity_once_on_the_highest_open_record(staffroom: Staffroom) -> None:
    await staffroom.crossed(half_days=20)
    made = await staffroom.ok("POST", MEETINGS, meets(staff="Ms Example"), role="respond")
    path = f"/v1/meetings/{made['id']}"
    assert (made["status"], made["record"], made["minutes"]) == ("planned", None, 60)
    assert await staffroom.refused("PATCH", path, {"status": "held"}) == (422, "future-date")
    staffroom.clock.now = AFTER
    held = await staffroom.ok("PATCH", path, {"status": "held", "outcome": "a lift on Mondays"}, role="respond")
    again = await staffroom.ok("PATCH", path, {"status": "held", "agenda": "Mondays and the bus"}, role="respond")
    assert (again["response"], again["record"]) == (held["response"], held["record"])
    record = await staffroom.ok("GET", record_path("1", 10))
    (response,) = record["responses"]
    assert (response["activity"], response["occurred_on"], response["staff"]) == ("meeting-with-whanau", "2026-11-24", "Ms Example")
    assert (response["id"], record["id"]) == (held["response"], held["record"])
    assert await responses(staffroom, 5) == []


async def test_one_that_was_not_held_takes_it_back_and_held_after_all_writes_another(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    staffroom.clock.now = AFTER
    made = await staffroom.ok("POST", MEETINGS, meets(status="held"))
    path = f"/v1/meetings/{made['id']}"
    assert await responses(staffroom) == ["meeting-with-whanau"]
    missed = await staffroom.ok("PATCH", path, {"status": "missed"})
    assert (missed["record"], missed["response"]) == (None, None)
    assert await responses(staffroom) == []
    await staffroom.ok("PATCH", path, {"status": "held"})
    assert await responses(staffroom) == ["meeting-with-whanau"]
    assert [name for name, _ in await staffroom.said()] == ["response.recorded", "response.withdrawn", "response.recorded"]
    versions = (await staffroom.ok("GET", f"{path}/versions"))["items"]
    assert [(version["version"], version["document"]["status"]) for version in versions] == [(1, "held"), (2, "missed"), (3, "held")]
    assert versions[1]["changed"] == ["status"]


async def test_a_school_s_own_name_for_it_is_used_whatever_its_plan_offers(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    own = [{"activity": "hui", "label": "Hui", "standard": "meeting-with-whanau", "thresholds": [15]}]
    await staffroom.ok("PUT", "/v1/schools/0999/activities", {"items": own}, role="admin")
    staffroom.clock.now = AFTER
    await staffroom.ok("POST", MEETINGS, meets(status="held"))
    (response,) = (await staffroom.ok("GET", record_path()))["responses"]
    assert (response["activity"], response["label"], response["standard"]) == ("hui", "Hui", "meeting-with-whanau")


async def test_a_meeting_of_a_student_without_an_open_record_writes_nothing(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    staffroom.clock.now = AFTER
    made = await staffroom.ok("POST", MEETINGS, meets(status="held"))
    assert (made["record"], made["response"]) == (None, None)


async def test_moved_and_cancelled_meetings_are_told_to_calendars(staffroom: Staffroom) -> None:
    staffroom.heart.now += timedelta(seconds=1)
    await staffroom.heart.school(contact_email="office@example.test")
    await staffroom.student("1")
    made = await staffroom.ok("POST", MEETINGS, meets())
    asked = await file(staffroom, made["id"])
    (event,) = asked.walk("VEVENT")
    assert (asked["METHOD"], event["SEQUENCE"], event["STATUS"]) == ("REQUEST", 0, "CONFIRMED")
    assert event["DTSTART"].dt.isoformat() == "2026-11-24T15:30:00+13:00"
    assert event["DTSTART"].params["TZID"] == "Pacific/Auckland"
    assert [zone["TZID"] for zone in asked.walk("VTIMEZONE")] == ["Pacific/Auckland"]
    assert (event["ORGANIZER"], event["ATTENDEE"]) == ("mailto:office@example.test", "mailto:mere@example.test")
    path = f"/v1/meetings/{made['id']}"
    moved = await staffroom.ok("PATCH", path, {"at": "2026-11-25T08:30:00+13:00"})
    assert moved["sequence"] == 1
    await staffroom.ok("PATCH", path, {"staff": "Ms Example"})
    (event,) = (await file(staffroom, made["id"])).walk("VEVENT")
    assert (event["SEQUENCE"], event["UID"]) == (1, f"{made['id']}@star")
    assert event["DTSTART"].dt.isoformat() == "2026-11-25T08:30:00+13:00"
    await staffroom.ok("PATCH", path, {"status": "cancelled"})
    cancelled = await file(staffroom, made["id"])
    (event,) = cancelled.walk("VEVENT")
    assert (cancelled["METHOD"], event["SEQUENCE"], event["STATUS"]) == ("CANCEL", 2, "CANCELLED")


async def test_an_hour_stays_right_over_daylight_saving(staffroom: Staffroom) -> None:
    """On 4 April 2027 the clocks go back at three in the morning, on 26 September they go ahead at two."""
    await staffroom.student("1")
    for at, offset in (("2027-04-05T15:30:00+12:00", 12), ("2027-04-02T15:30:00+13:00", 13), ("2027-09-27T15:30:00+13:00", 13)):
        made = await staffroom.ok("POST", MEETINGS, meets(at=at, minutes=90, people=[]))
        asked = await file(staffroom, made["id"])
        (event,) = asked.walk("VEVENT")
        assert asked["METHOD"] == "PUBLISH"
        assert event["DTSTART"].to_ical() == at[:19].replace("-", "").replace(":", "").encode()
        assert event["DTSTART"].dt.utcoffset() == timedelta(hours=offset)
        assert event["DTEND"].dt.isoformat() == at.replace("15:30", "17:00")
    spans = await staffroom.ok("POST", MEETINGS, meets(at="2027-04-04T01:30:00+13:00", minutes=120))
    (event,) = (await file(staffroom, spans["id"])).walk("VEVENT")
    assert event["DTEND"].to_ical() == b"20270404T023000"


async def test_what_can_t_be_a_meeting_is_refused(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    made = await staffroom.ok("POST", MEETINGS, meets())
    path = f"/v1/meetings/{made['id']}"
    assert await staffroom.refused("POST", MEETINGS, meets(status="missed")) == (422, "future-date")
    assert await staffroom.refused("PATCH", path, {}) == (422, "bad-field")
    assert await staffroom.refused("PATCH", path, {"people": None}) == (422, "bad-field")
    for wrong in ({"plaice": "x"}, {"at": "2026-11-24"}, {"minutes": 0}):
        assert (await staffroom.refused("PATCH", path, wrong))[0] == 422
    assert (await staffroom.ok("PATCH", path, {"place": None}))["place"] is None
    for suffix in ("", ".ics", "/versions"):
        assert await staffroom.refused("GET", path + suffix, groups=["9Z"]) == (404, "unknown-meeting")
        assert await staffroom.refused("GET", path + suffix, schools="0189") == (404, "unknown-meeting")
    assert (await staffroom.as_("dean", "view", "GET", path, groups=["9A"])).status_code == 200
    assert made["school"] == SCHOOL
