"""The sandbox's Ministry refuses documents and items for their faults."""

from typing import Any

import pytest

from tests.unit.deploy.sandbox_ministry import RECORD_5, RECORD_10, RESPONSE, Sender, assert_problem, document, record, response


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (document(extra=1), "#/extra"),
        ({name: value for name, value in document().items() if name != "week"}, "#/week"),
        (document(format="nz.star.upload.v2"), "#/format"),
        (document(school=999), "#/school"),
        (document(school="999"), "#/school"),
        (document(school="٠٩٩٩"), "#/school"),
        (document(term="2026-T5"), "#/term"),
        (document(week="2026-W54"), "#/week"),
        (document(week="2026-43"), "#/week"),
        (document(number="1"), "#/number"),
        (document(number=True), "#/number"),
        (document(number=0), "#/number"),
        (document(created_at="2026-10-23T18:00:00"), "#/created_at"),
        (document(created_at="2026-10-23 18:00:00+13:00"), "#/created_at"),
        (document(created_at="2026-13-23T18:00:00Z"), "#/created_at"),
        (document(created_at=1792735200), "#/created_at"),
        (document(records=[record(id="RECORD")]), "#/records/0/id"),
        (document(records=[record(id=RECORD_5.upper())]), "#/records/0/id"),
        (document(records=[record(student_id=None)]), "#/records/0/student_id"),
        (document(records=[record(student=12345)]), "#/records/0/student"),
        (document(records=[record(threshold=7)]), "#/records/0/threshold"),
        (document(records=[record(threshold="5")]), "#/records/0/threshold"),
        (document(records=[{name: value for name, value in record().items() if name != "threshold"}]), "#/records/0/threshold"),
        (document(records=[record(days_absent="5.0")]), "#/records/0/days_absent"),
        (document(records=[record(days_absent=5.25)]), "#/records/0/days_absent"),
        (document(records=[record(days_absent=-0.5)]), "#/records/0/days_absent"),
        (document(records=[record(days_absent=float("nan"))]), "#/records/0/days_absent"),
        (document(records=[record(crossed_on="2026-10-19T00:00:00")]), "#/records/0/crossed_on"),
        (document(records=[record(crossed_on="2026-02-30")]), "#/records/0/crossed_on"),
        (document(records=[record(status="done")]), "#/records/0/status"),
        (document(records=[record(sequence=0)]), "#/records/0/sequence"),
        (document(records=[record(name="Aroha")]), "#/records/0/name"),
        (document(responses=[response(activity="Conversation With Whanau")]), "#/responses/0/activity"),
        (document(responses=[response(occurred_on=None)]), "#/responses/0/occurred_on"),
        (document(counts={"records": 3, "responses": 1}), "#/counts/records"),
        (document(counts={"records": 2, "responses": 0}), "#/counts/responses"),
        (document(counts={"records": 2, "responses": 1, "students": 2}), "#/counts/students"),
        (document(version="1.0"), "#/version"),
        (document(changes={"new": 1, "amended": 2, "withdrawn": 0}), "#/changes/amended"),
        (document(checksum="sha-256:" + "0" * 64), "#/checksum"),
        (document(checksum="0" * 64), "#/checksum"),
        (document(records=[record(change="gone")]), "#/records/0/change"),
        (document(records=[record(change="withdrawn")]), "#/records/0/status"),
        (document(records=[record(origin="crossing", threshold=None)]), "#/records/0/threshold"),
        (document(records=[record(nsn="12345")]), "#/records/0/nsn"),
        (document(records=[record(student="Māui")]), "#/records/0/student"),
        (document(records=[record(), record()]), "#/records/1/id"),
        (document(responses=[response(id=RECORD_5)]), "#/responses/0/id"),
        ([], "#"),
        (b"{", "#"),
        (b"\xff", "#"),
        (b"", "#"),
    ],
)
async def test_an_invalid_document_is_refused_where_it_is_wrong(sender: Sender, wrong: Any, pointer: str) -> None:
    problem = assert_problem(await sender.post(wrong), 422, "invalid-document")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert all(set(error) == {"pointer", "detail"} for error in problem["errors"])
    assert await sender.items() == []
    assert (await sender.post(document())).status_code == 200


async def test_a_refusal_does_not_echo_what_was_sent(sender: Sender) -> None:
    answer = await sender.post(document(records=[record(student=["Aroha Ngata"], status="Aroha Ngata", id="Aroha Ngata")]))
    assert len(answer.json()["errors"]) == 3
    assert "Aroha" not in answer.text


@pytest.mark.parametrize(
    ("changes", "rejected"),
    [
        ({"threshold": 10, "days_absent": 9.5}, True),
        ({"threshold": 10, "days_absent": 10}, False),
        ({"threshold": 10, "days_absent": 9.5, "status": "closed"}, True),
        ({"threshold": 10, "days_absent": 9.5, "status": "withdrawn"}, False),
        ({"threshold": None, "days_absent": 0, "origin": "staff"}, False),
        ({"threshold": 10, "days_absent": 4, "origin": "staff"}, False),
    ],
)
async def test_a_record_must_reach_its_threshold_unless_withdrawn(sender: Sender, changes: dict[str, Any], rejected: bool) -> None:
    answer = (await sender.post(document(records=[record(), record(id=RECORD_10, **changes)]))).json()
    assert [reject["item"] for reject in answer["rejects"]] == ([RECORD_10] if rejected else [])
    assert answer["status"] == ("partly-accepted" if rejected else "accepted")


async def test_a_response_needs_its_record_here_or_earlier_from_the_same_school(sender: Sender) -> None:
    alone = document(records=[], responses=[response()])

    first = (await sender.post(alone, key="a")).json()
    assert (first["status"], [reject["item"] for reject in first["rejects"]]) == ("partly-accepted", [RESPONSE])
    assert "record_id" in first["rejects"][0]["reason"]
    await sender.post(document(school="0189"), key="b")
    assert (await sender.post(alone, key="c")).json()["status"] == "partly-accepted"
    await sender.post(document(), key="d")
    again = document(records=[], responses=[response(change="amended")])
    assert (await sender.post(again, key="e")).json() == (await sender.post(again, key="e")).json()
    assert [item["status"] for item in await sender.items(school="0999")] == [
        "partly-accepted",
        "partly-accepted",
        "accepted",
        "accepted",
    ]


async def test_what_an_item_is_must_fit_what_was_accepted(sender: Sender) -> None:
    for change in ("amended", "withdrawn"):
        status = "withdrawn" if change == "withdrawn" else "open"
        early = (await sender.post(document(records=[record(change=change, status=status)], responses=[]), key=change)).json()
        assert early["rejects"] == [
            {"item": RECORD_5, "reason": "change is amended or withdrawn, but the item was never accepted", "code": "not-accepted"}
        ]
    assert (await sender.post(document(), key="first")).json()["status"] == "accepted"
    again = (await sender.post(document(number=2, records=[record()], responses=[]), key="again")).json()
    assert again["rejects"] == [{"item": RECORD_5, "reason": "change is new, but the item was accepted before", "code": "already-accepted"}]
    mended = document(records=[record(change="amended", status="closed")], responses=[response(change="withdrawn")])
    assert (await sender.post(mended, key="mended")).json()["status"] == "accepted"
    found = (await sender.http.get("/ministry/items", params={"school": "0999"})).raise_for_status().json()["items"]
    assert [(item["id"], item["kind"], item["change"]) for item in found] == [
        (RECORD_5, "record", "amended"),
        (RECORD_10, "record", "new"),
        (RESPONSE, "response", "withdrawn"),
    ]
