"""What goes into an upload, and the bytes it makes."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.sandbox.ministry_document import read_upload
from services.moe_sync.batches import Candidate, document_of, select
from services.moe_sync.document import RecordItem, ResponseItem, decode_document, digest_of, encode_document

STUDENT = UUID("7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001")
RECORD_5 = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111")
RECORD_10 = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222")
RESPONSE = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333")


def record(item_id: UUID = RECORD_5, **changes: Any) -> RecordItem:
    fields: dict[str, Any] = {
        "id": item_id,
        "student_id": STUDENT,
        "student": "12345",
        "threshold": 5,
        "days_absent": 5.0,
        "crossed_on": date(2026, 10, 19),
        "status": "open",
        "sequence": 1,
    }
    return RecordItem(**(fields | changes))


def response(item_id: UUID = RESPONSE, record_id: UUID = RECORD_5, occurred_on: date = date(2026, 10, 20)) -> ResponseItem:
    return ResponseItem(item_id, record_id, STUDENT, "conversation-with-whanau", occurred_on)


def test_only_what_changed_since_it_was_included_goes() -> None:
    batch = select([Candidate(record(), 2, 2, rejected=True), Candidate(record(RECORD_10), 3, 2)], [])
    assert [item.id for item in batch.records] == [RECORD_10]
    assert batch.revisions == ((RECORD_10, 3),)


def test_an_older_version_than_the_one_included_does_not_go() -> None:
    # A run by hand has taken revision 2 along; at the close before it, revision 1 was the newest.
    assert select([Candidate(record(), 1, 2, rejected=True)], []).empty


def test_a_response_goes_with_its_record_or_after_it() -> None:
    changed = Candidate(record(), 1, 0)
    assert [item.id for item in select([changed], [Candidate(response(), 1, 0)]).responses] == [RESPONSE]
    assert [item.id for item in select([], [Candidate(response(), 1, 0, record_included=True)]).responses] == [RESPONSE]


def test_a_response_waits_for_its_record() -> None:
    batch = select([Candidate(record(RECORD_10), 1, 0)], [Candidate(response(), 1, 0)])
    assert [item.id for item in batch.records] == [RECORD_10]
    assert batch.responses == ()


def test_a_rejected_response_goes_again_with_its_record_only() -> None:
    rejected = Candidate(response(), 1, 1, rejected=True, record_included=True)
    assert select([], [rejected]).empty
    assert select([Candidate(record(RECORD_10), 2, 1)], [rejected]).responses == ()
    assert [item.id for item in select([Candidate(record(), 2, 1)], [rejected]).responses] == [RESPONSE]
    taken = Candidate(response(), 1, 1, record_included=True)
    assert select([Candidate(record(), 2, 1)], [taken]).responses == ()


def test_the_order_depends_on_the_items_alone() -> None:
    later = response(UUID(int=1), occurred_on=date(2026, 10, 22))
    records = [Candidate(record(RECORD_10, crossed_on=date(2026, 10, 20)), 1, 0), Candidate(record(UUID(int=9)), 1, 0)]
    records.append(Candidate(record(), 1, 0))
    responses = [Candidate(later, 1, 0), Candidate(response(), 1, 0)]
    forwards, backwards = select(records, responses), select(records[::-1], responses[::-1])
    assert forwards == backwards
    assert [item.id for item in forwards.records] == [UUID(int=9), RECORD_5, RECORD_10]
    assert [item.id for item in forwards.responses] == [RESPONSE, UUID(int=1)]


def test_the_document_word_for_word() -> None:
    batch = select([Candidate(record(), 1, 0), Candidate(record(RECORD_10, threshold=None, days_absent=0.0), 4, 2)], [])
    batch = select([Candidate(item, 1, 0) for item in batch.records], [Candidate(response(), 1, 0)])
    created_at = datetime(2026, 10, 23, 18, 0, 7, 123456, tzinfo=ZoneInfo("Pacific/Auckland"))
    body = encode_document(document_of(batch, school="0999", term="2026-T4", week="2026-W43", number=2, created_at=created_at))
    assert body.decode() == (
        '{"format":"nz.star.upload.v1","school":"0999","term":"2026-T4","week":"2026-W43","number":2,'
        '"created_at":"2026-10-23T18:00:07+13:00","records":['
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","student":"12345",'
        '"threshold":5,"days_absent":5.0,"crossed_on":"2026-10-19","status":"open","sequence":1},'
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","student":"12345",'
        '"threshold":null,"days_absent":0.0,"crossed_on":"2026-10-19","status":"open","sequence":1}],"responses":['
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333","record_id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111",'
        '"student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","activity":"conversation-with-whanau","occurred_on":"2026-10-20"}],'
        '"counts":{"records":2,"responses":1}}'
    )
    assert read_upload(body).counts.records == 2
    assert encode_document(decode_document(body)) == body
    assert digest_of(body) == hashlib.sha256(body).digest()


def test_a_nil_return_is_a_whole_document() -> None:
    moment = datetime(2026, 10, 23, 18, tzinfo=UTC)
    document = document_of(select([], []), school="0999", term="2026-T4", week="2026-W43", number=1, created_at=moment)
    said = json.loads(encode_document(document))
    assert (said["records"], said["responses"], said["counts"]) == ([], [], {"records": 0, "responses": 0})
    read_upload(encode_document(document))
