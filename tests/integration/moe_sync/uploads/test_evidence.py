"""The changes of an upload, how far items have come, and the certificate of what was sent."""

import asyncio
import hashlib
import json
from datetime import timedelta
from uuid import UUID

from jsonschema import Draft202012Validator

from services.moe_sync.uploads.retention import retention_rules
from shared.db.engine import create_engine
from shared.identifiers import star_record_id, student_id
from shared.retention import Retention
from tests.integration.moe_sync.office import CLOSE, WEEK, Office
from tests.support.polling import eventually

RESPONSE = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333")
RECORD = str(star_record_id(student_id("0999", "12345"), "2026-T4", 5))


async def test_amendments_and_withdrawals_of_what_was_sent(office: Office) -> None:
    await office.publish(office.crossed(), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    await office.turn_to(CLOSE + timedelta(hours=1))
    await office.publish(office.amended(RESPONSE, "meeting-with-whanau"), office.closed())
    preview = (await office.get("/v1/schools/0999/uploads/preview")).json()
    assert [(item["id"], item["change"]) for item in (*preview["records"], *preview["responses"])] == [
        (RECORD, "amended"),
        (str(RESPONSE), "amended"),
    ]
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.statuses, [("2026-W43", 1, "accepted"), ("2026-W44", 1, "accepted")])
    await office.turn_to(CLOSE + WEEK + timedelta(hours=1))
    await office.publish(office.taken_back(RESPONSE), office.retracted())
    await office.turn_to(CLOSE + 2 * WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W44", 1, 1), ("2026-W45", 1, 1)])
    await eventually(lambda: last(office), "accepted")
    first, second, third = await office.at_ministry()
    changes = [(upload["records"][0]["change"], upload["responses"][0]["change"], upload["changes"]) for upload in (first, second, third)]
    assert changes == [
        ("new", "new", {"new": 2, "amended": 0, "withdrawn": 0}),
        ("amended", "amended", {"new": 0, "amended": 2, "withdrawn": 0}),
        ("withdrawn", "withdrawn", {"new": 0, "amended": 0, "withdrawn": 2}),
    ]
    assert {(item["id"], item["change"]) for item in await office.accepted()} == {(RECORD, "withdrawn"), (str(RESPONSE), "withdrawn")}

    newest, middle, _ = await office.uploads()
    diff = (await office.get(f"/v1/uploads/{middle['id']}/diff")).json()
    by_kind = {item["kind"]: item for item in diff["items"]}
    assert (by_kind["record"]["fields"], by_kind["record"]["before"]["status"], by_kind["record"]["after"]["status"]) == (
        ["status"],
        "open",
        "closed",
    )
    assert sorted(by_kind["response"]["fields"]) == ["activity", "occurred_on"]
    assert by_kind["response"]["before_week"] == "2026-W43"
    pages, cursor = [], {}
    for _ in range(2):
        page = (await office.get(f"/v1/uploads/{newest['id']}/diff", limit=1, **cursor)).json()
        pages += [(item["kind"], item["change"]) for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert (sorted(pages), page["next"]) == ([("record", "withdrawn"), ("response", "withdrawn")], None)
    schema = json.loads((await office.get("/v1/upload-format/schema.json", headers={})).content)
    for upload in await office.uploads():
        body = (await office.get(f"/v1/uploads/{upload['id']}/files/upload.json")).content
        Draft202012Validator(schema).validate(json.loads(body))


async def test_a_response_withdrawn_before_it_was_sent_goes_nowhere(office: Office) -> None:
    await office.publish(office.crossed(), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE - timedelta(hours=1))
    await office.publish(office.taken_back(RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])
    assert (await office.at_ministry())[0]["responses"] == []
    items = (await office.get("/v1/schools/0999/upload-items", record=RECORD)).json()["items"]
    await eventually(lambda: last(office), "accepted")
    items = (await office.get("/v1/schools/0999/upload-items", record=RECORD)).json()["items"]
    assert sorted((item["kind"], item["state"]) for item in items) == [("record", "accepted"), ("response", "not-needed")]


async def test_an_upload_behind_one_that_is_refused_is_made_right_before_it_goes(office: Office) -> None:
    # The first upload waits in a fault; the second is built believing that it will be taken.
    await office.fault(status=503, times=1, retry_after=3600)
    await office.publish(office.crossed(), office.crossed("678"))
    await office.run()

    async def waits() -> bool:
        return bool(await office.sql("SELECT FROM moe_sync.work_attempts WHERE detail = 'http-503'"))

    await eventually(waits, True)
    office.clock.now += timedelta(minutes=5)
    await office.publish(office.closed(), office.responded("678", response=RESPONSE))
    second = (await office.run()).json()
    assert [(item["kind"], item["change"]) for item in second["items"]] == [("record", "amended"), ("response", "new")]
    await office.fault(status=422)
    await office.turn_to(office.clock.now + timedelta(hours=1))
    await eventually(office.statuses, [("2026-W43", 1, "refused"), ("2026-W43", 2, "accepted")])
    (there,) = await office.at_ministry()
    # The record is new there, and the response has no record to stand on yet.
    assert ([record["change"] for record in there["records"]], there["responses"]) == (["new"], [])
    await office.run()
    await eventually(lambda: settled(office), ["refused", "accepted", "accepted"])
    third = (await office.at_ministry())[1]
    assert [(item["student"], item["change"]) for item in third["records"]] == [("678", "new")]
    assert [(item["id"], item["change"]) for item in third["responses"]] == [(str(RESPONSE), "new")]
    assert [upload["rejects"] for upload in await office.at_ministry()] == [[], []]


async def test_rejects_stand_on_the_record_until_they_are_mended(office: Office) -> None:
    await office.fault(reject=["12345"])
    await office.publish(office.crossed(), office.crossed("678"), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted")])
    (rejected,) = (await office.get("/v1/schools/0999/upload-items", state="rejected")).json()["items"]
    assert (rejected["id"], rejected["reject"], rejected["accepted"], rejected["week"]) == (
        RECORD,
        "rejected by the sandbox",
        0,
        "2026-W43",
    )
    mine = (await office.get("/v1/schools/0999/upload-items", record=RECORD)).json()["items"]
    assert sorted((item["kind"], item["state"]) for item in mine) == [("record", "rejected"), ("response", "accepted")]
    await office.fault(reject=[])
    await office.turn_to(CLOSE + timedelta(hours=1))
    await office.publish(office.closed())
    assert [item["state"] for item in (await office.get("/v1/schools/0999/upload-items", state="rejected")).json()["items"]] == ["rejected"]
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted"), ("2026-W44", 1, "accepted")])
    assert (await office.get("/v1/schools/0999/upload-items", state="rejected")).json()["items"] == []
    assert [record["change"] for record in (await office.at_ministry())[1]["records"]] == ["new"]
    pages, cursor = 1, (await office.get("/v1/schools/0999/upload-items", limit=1)).json()["next"]
    while cursor is not None:
        pages, cursor = pages + 1, (await office.get("/v1/schools/0999/upload-items", limit=1, cursor=cursor)).json()["next"]
    assert pages == 3
    weeks = (await office.get("/v1/schools/0999/upload-windows")).json()["items"]
    assert [(week["week"], week["status"]) for week in weeks] == [
        ("2026-W45", None),
        ("2026-W44", "accepted"),
        ("2026-W43", "partly-accepted"),
    ]


async def test_the_certificate_says_what_was_sent(office: Office) -> None:
    await office.publish(office.crossed(), office.responded(response=RESPONSE))
    pending = (await office.run()).json()["id"]
    await eventually(lambda: last(office), "accepted")
    found = (await office.get(f"/v1/uploads/{pending}/certificate")).json()
    (there,) = await office.at_ministry()
    body = (await office.get(f"/v1/uploads/{pending}/files/upload.json")).content
    assert found["document_digest"] == hashlib.sha256(body).hexdigest()
    assert (found["receipt"], found["checksum"]) == (there["receipt"], there["checksum"])
    assert (found["school"], found["school_name"], found["week"], found["number"]) == ("0999", "Example Kura", "2026-W43", 1)
    assert (found["status"], found["adapter"], found["attempts"], found["rejected"]) == ("accepted", "https", 1, 0)
    assert (found["counts"], found["changes"]) == ({"records": 1, "responses": 1}, {"new": 2, "amended": 0, "withdrawn": 0})
    assert found["keep_until"] == "2033-10-18T20:00:00Z"
    assert "12345" not in json.dumps(found)
    page = await office.get(f"/v1/uploads/{pending}/certificate", format="pdf")
    assert (page.headers["content-type"], page.content[:5]) == ("application/pdf", b"%PDF-")
    assert page.headers["content-disposition"] == 'attachment; filename="star-upload-0999-2026-W43-1-certificate.pdf"'
    await office.fault(status=422)
    await office.turn_to(office.clock.now + timedelta(hours=1))
    await office.publish(office.closed())
    refused = (await office.run()).json()["id"]
    await eventually(lambda: settled(office), ["accepted", "refused"])
    answer = await office.get(f"/v1/uploads/{refused}/certificate")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:nz-star:problem:not-accepted")


async def test_what_has_been_kept_long_enough_is_erased(office: Office) -> None:
    await office.publish(office.crossed(), office.responded(response=RESPONSE))
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    await office.publish(office.crossed("678"))
    engine = create_engine(office.settings.database_url, "moe_sync", pool_size=1)

    async def erased_after(age: timedelta) -> list[int]:
        rules = retention_rules(office.settings.upload_retention)
        retention = Retention("moe_sync", engine, rules, lambda: CLOSE + age)
        return [await retention.apply(rule, asyncio.Event()) for rule in rules]

    try:
        assert (await erased_after(office.settings.upload_retention))[0] == 0
        assert (await erased_after(office.settings.upload_retention + timedelta(seconds=1)))[0] == 1
    finally:
        await engine.dispose()
    assert await office.uploads() == []
    left = await office.sql("SELECT i.id, i.included FROM moe_sync.items i")
    # What has not been sent yet stays, whatever its age.
    assert [(str(row["id"]), row["included"]) for row in left] == [(str(star_record_id(student_id("0999", "678"), "2026-T4", 5)), 0)]
    assert await office.sql("SELECT FROM moe_sync.work") == []


async def last(office: Office) -> str:
    """The status of the newest upload."""
    status: str = (await office.uploads())[0]["status"]
    return status


async def settled(office: Office) -> list[str]:
    """The status of each upload, oldest first."""
    return [status for _, _, status in await office.statuses()]
