"""From events to the document at the Ministry."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.identifiers import star_record_id, student_id, upload_key
from tests.integration.moe_sync.office import CLOSE, MONDAY, WEEK, Office
from tests.support.polling import eventually

MANUAL = UUID("5f0d8d1e-59b3-4f6a-8d0a-0c1b2d3e4f50")
RESPONSE = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333")


async def test_a_weeks_crossings_retractions_and_responses_are_at_the_ministry_after_its_close(office: Office) -> None:
    first, second = str(student_id("0999", "12345")), str(student_id("0999", "678"))
    await office.publish(office.crossed("12345", 5, half_days=21), office.crossed("12345", 10, half_days=21), office.crossed("678"))
    await office.turn_to(MONDAY + timedelta(days=1))
    await office.publish(office.retracted("678"), office.closed("12345", 5), office.responded("12345", 10, response=RESPONSE))
    await office.publish(office.updated(MANUAL, "678", None))
    assert await office.at_ministry() == []

    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 4)])
    (upload,) = await office.at_ministry()
    assert upload["idempotency_key"] == str(upload_key("0999", "2026-W43", 1))
    assert (upload["format"], upload["school"], upload["term"]) == ("nz.star.upload.v1", "0999", "2026-T4")
    assert upload["created_at"] == "2026-10-23T18:00:00+13:00"
    records = {record["id"]: record for record in upload["records"]}
    five, ten = str(star_record_id(UUID(first), "2026-T4", 5)), str(star_record_id(UUID(first), "2026-T4", 10))
    withdrawn = str(star_record_id(UUID(second), "2026-T4", 5))

    def record(item: str, **fields: Any) -> dict[str, Any]:
        base = {"id": item, "student_id": first, "student": "12345", "days_absent": 10.5, "crossed_on": "2026-10-18", "sequence": 1}
        base |= {"term": "2026-T4", "origin": "crossing", "change": "new"}
        return base | fields

    assert records == {
        five: record(five, threshold=5, status="closed"),
        ten: record(ten, threshold=10, status="open"),
        withdrawn: record(withdrawn, student_id=second, student="678", threshold=5, days_absent=5.0, status="withdrawn"),
        str(MANUAL): record(
            str(MANUAL),
            student_id=second,
            student="678",
            threshold=None,
            days_absent=0.0,
            crossed_on="2026-10-20",
            status="open",
            origin="staff",
        ),
    }
    assert upload["responses"] == [
        {
            "id": str(RESPONSE),
            "record_id": ten,
            "student_id": first,
            "activity": "conversation-with-whanau",
            "occurred_on": "2026-10-19",
            "change": "new",
        }
    ]
    assert (upload["status"], upload["rejects"]) == ("accepted", [])


async def test_what_was_said_is_not_said_again(office: Office) -> None:
    said = [office.crossed(), office.responded(response=RESPONSE), office.closed()]
    await office.publish(*said)
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])

    await office.turn_to(CLOSE + timedelta(days=3))
    await office.publish(*said, *said, office.school(updated_at=MONDAY))
    await office.turn_to(CLOSE + WEEK)
    # Nothing happened in that week: a nil return.
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W44", 1, 0)])
    nil = (await office.at_ministry())[1]
    assert (nil["records"], nil["responses"], nil["counts"]) == ([], [], {"records": 0, "responses": 0})


async def test_a_later_change_goes_alone_in_the_next_week(office: Office) -> None:
    await office.publish(office.crossed(), office.crossed("678"))
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 2)])
    await office.turn_to(CLOSE + timedelta(hours=1))
    await office.publish(office.retracted(), office.responded("678", response=RESPONSE))
    assert await office.weeks_there() == [("2026-W43", 1, 2)]

    await office.turn_to(CLOSE + WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 2), ("2026-W44", 1, 1)])
    upload = (await office.at_ministry())[1]
    assert [(record["student"], record["status"]) for record in upload["records"]] == [("12345", "withdrawn")]
    assert [response["id"] for response in upload["responses"]] == [str(RESPONSE)]
    assert upload["status"] == "accepted"


async def test_a_response_that_overtakes_its_crossing_stays_at_home_until_it_comes(office: Office) -> None:
    await office.publish(office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 0)])
    assert (await office.at_ministry())[0]["responses"] == []

    await office.publish(office.crossed())
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 0), ("2026-W44", 1, 1)])
    upload = (await office.at_ministry())[1]
    assert (upload["status"], [response["id"] for response in upload["responses"]]) == ("accepted", [str(RESPONSE)])


async def test_rejected_items_are_shown_with_their_reasons_and_go_again_once_mended(office: Office) -> None:
    await office.fault(reject=["12345", str(RESPONSE)])
    await office.publish(office.crossed(), office.crossed("678"), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted")])
    rejected, response = str(star_record_id(student_id("0999", "12345"), "2026-T4", 5)), str(RESPONSE)
    (listed,) = await office.uploads()
    upload = await office.upload(listed["id"])
    reason = "rejected by the sandbox"
    assert listed["rejected"] == 2
    assert {item["id"]: item["reject"] for item in upload["items"] if item["reject"]} == {rejected: reason, response: reason}
    assert sorted((reject["item"], reject["reason"]) for reject in upload["rejects"]) == sorted([(rejected, reason), (response, reason)])
    assert upload["receipt"].startswith("sandbox-0999-2026-W43-")

    # Unchanged, they stay; the record mended, it goes again and takes its response along.
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 2), ("2026-W44", 1, 0)])
    await office.fault(reject=[])
    await office.publish(office.closed())
    await office.turn_to(CLOSE + 2 * WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 2), ("2026-W44", 1, 0), ("2026-W45", 1, 1)])
    mended = (await office.at_ministry())[2]
    assert [(record["id"], record["status"]) for record in mended["records"]] == [(rejected, "closed")]
    assert [item["id"] for item in mended["responses"]] == [response]
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted"), ("2026-W44", 1, "accepted"), ("2026-W45", 1, "accepted")])


async def test_a_refused_upload_is_visible_and_its_items_go_with_the_next(office: Office) -> None:
    await office.fault(status=422)
    await office.publish(office.crossed(), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "refused")])
    upload = await office.upload((await office.uploads())[0]["id"])
    assert upload["reason"] == "the Ministry's end answered 422: The sandbox was asked to fail"
    assert (upload["receipt"], upload["sent_at"]) == (None, "2026-10-23T05:00:00Z")
    assert [(attempt["attempt"], attempt["outcome"], attempt["detail"]) for attempt in upload["attempts"]] == [(1, "failed", "http-422")]

    await office.turn_to(CLOSE + WEEK)
    await eventually(office.weeks_there, [("2026-W44", 1, 1)])
    assert [item["id"] for item in (await office.at_ministry())[0]["responses"]] == [str(RESPONSE)]


async def test_records_that_fit_into_no_upload_are_set_aside(office: Office) -> None:
    await office.publish(office.crossed("Māui"), office.crossed("678"))
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])
    (letter,) = await office.sql("SELECT reason, detail, state FROM moe_sync.dead_letters")
    assert dict(letter) == {"reason": "unfit", "detail": "a student's key has 1 to 64 printable ASCII characters", "state": "kept"}
    listed = await office.get("/v1/dead-letters", headers=office.token(["ops"]))
    assert [item["topic"] for item in listed.json()["items"]] == ["star.crossings.v1"]
