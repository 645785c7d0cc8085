"""Items of an upload, and the bytes they make."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from deploy.sandbox.ministry_document import read_upload
from services.moe_sync.items.candidates import Candidate
from services.moe_sync.items.item import RecordItem, ResponseItem
from services.moe_sync.uploads.batches import Going, document_of, select, settle
from services.moe_sync.uploads.document import checksum_of, decode_document, digest_of, encode_document, without_nsn

STUDENT = UUID("7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001")
RECORD_5 = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111")
RECORD_10 = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222")
OTHER = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a4444")
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
        "term": "2026-T4",
        "origin": "crossing",
    }
    return RecordItem(**(fields | changes))


def response(item_id: UUID = RESPONSE, record_id: UUID = RECORD_5, occurred_on: date = date(2026, 10, 20)) -> ResponseItem:
    return ResponseItem(item_id, record_id, STUDENT, "conversation-with-whanau", occurred_on)


def ids(going: Sequence[Going[Any]]) -> list[UUID]:
    return [one.item.id for one in going]


def test_only_what_changed_since_it_was_included_goes() -> None:
    batch = select([Candidate(record(), 2, 2, rejected=True), Candidate(record(RECORD_10), 3, 2)], [])
    assert [going.item.id for going in batch.records] == [RECORD_10]
    assert batch.going == ((RECORD_10, 3, "amended"),)


def test_an_older_version_than_the_one_included_does_not_go() -> None:
    # A run by hand has taken revision 2 along; at the close before it, revision 1 was the newest.
    assert select([Candidate(record(), 1, 2, rejected=True)], []).empty


def test_a_response_goes_with_its_record_or_after_it() -> None:
    changed = Candidate(record(), 1, 0)
    assert ids(select([changed], [Candidate(response(), 1, 0)]).responses) == [RESPONSE]
    assert ids(select([], [Candidate(response(), 1, 0, record_sent=True)]).responses) == [RESPONSE]


def test_a_response_waits_for_its_record() -> None:
    batch = select([Candidate(record(RECORD_10), 1, 0)], [Candidate(response(), 1, 0)])
    assert [going.item.id for going in batch.records] == [RECORD_10]
    assert batch.responses == ()


def test_a_rejected_response_goes_again_with_its_record_only() -> None:
    rejected = Candidate(response(), 1, 1, rejected=True, record_sent=True)
    assert select([], [rejected]).empty
    assert select([Candidate(record(RECORD_10), 2, 1)], [rejected]).responses == ()
    assert ids(select([Candidate(record(), 2, 1)], [rejected]).responses) == [RESPONSE]
    taken = Candidate(response(), 1, 1, record_sent=True)
    assert select([Candidate(record(), 2, 1)], [taken]).responses == ()


def test_the_order_depends_on_the_items_alone() -> None:
    later = response(UUID(int=1), occurred_on=date(2026, 10, 22))
    records = [Candidate(record(RECORD_10, crossed_on=date(2026, 10, 20)), 1, 0), Candidate(record(UUID(int=9)), 1, 0)]
    records.append(Candidate(record(), 1, 0))
    responses = [Candidate(later, 1, 0), Candidate(response(), 1, 0)]
    forwards, backwards = select(records, responses), select(records[::-1], responses[::-1])
    assert forwards == backwards
    assert [going.item.id for going in forwards.records] == [UUID(int=9), RECORD_5, RECORD_10]
    assert [going.item.id for going in forwards.responses] == [RESPONSE, UUID(int=1)]


def test_what_an_item_is_to_a_receiver_that_has_taken_all_that_is_on_its_way() -> None:
    gone = record(status="withdrawn")
    taken_back = replace(response(), withdrawn=True)
    cases: list[tuple[Candidate[Any], str]] = [
        (Candidate(record(), 1, 0), "new"),
        # Crossed and taken back before anything was sent: new, and its status says the rest.
        (Candidate(gone, 2, 0), "new"),
        (Candidate(record(), 2, 1), "amended"),
        (Candidate(record(), 3, 2, accepted=1), "amended"),
        (Candidate(gone, 2, 1), "withdrawn"),
        (Candidate(record(), 3, 2, accepted=2), "amended"),
        # Sent and rejected, it is not there; an amendment that was rejected leaves what was there before.
        (Candidate(record(), 2, 1, rejected=True), "new"),
        (Candidate(gone, 3, 2, rejected=True, accepted=1), "withdrawn"),
        (Candidate(taken_back, 2, 1), "withdrawn"),
    ]
    assert [candidate.change for candidate, _ in cases] == [change for _, change in cases]


def test_of_a_response_withdrawn_before_it_was_taken_nothing_is_said() -> None:
    taken_back = replace(response(), withdrawn=True)
    for never in (Candidate(taken_back, 2, 0, record_sent=True), Candidate(taken_back, 2, 1, rejected=True, record_sent=True)):
        batch = select([Candidate(record(), 2, 1)], [never])
        assert (batch.responses, batch.moot) == ((), ((RESPONSE, 2),))
    # Nothing is said of it again, with its record neither.
    assert select([Candidate(record(), 2, 1)], [Candidate(taken_back, 2, 2, rejected=True)]).responses == ()
    batch = select([], [Candidate(taken_back, 2, 1, record_sent=True)])
    assert (batch.going, batch.moot) == (((RESPONSE, 2, "withdrawn"),), ())


def test_when_its_turn_comes_an_upload_knows_what_became_of_those_before() -> None:
    built = select(
        [Candidate(record(), 2, 1), Candidate(record(RECORD_10), 1, 0)],
        [Candidate(response(), 2, 1, record_sent=True), Candidate(response(OTHER, RECORD_10), 1, 0)],
    )
    assert [change for _, _, change in built.going] == ["amended", "new", "amended", "new"]
    # All was accepted: as it was built.
    assert settle(built, frozenset({RECORD_5, RESPONSE})) == (built, frozenset())
    # The upload before was refused: nothing of it is there.
    settled, waiting = settle(built, frozenset())
    assert [change for _, _, change in settled.going] == ["new", "new", "new", "new"]
    assert waiting == frozenset()


def test_when_its_turn_comes_a_response_without_its_record_waits_and_a_withdrawal_of_nothing_goes_nowhere() -> None:
    taken_back = replace(response(OTHER), withdrawn=True)
    built = select([], [Candidate(response(), 1, 0, record_sent=True), Candidate(taken_back, 2, 1, record_sent=True)])
    assert [change for _, _, change in built.going] == ["new", "withdrawn"]
    settled, waiting = settle(built, frozenset())
    assert (settled.going, settled.moot, waiting) == ((), ((OTHER, 2),), frozenset({RESPONSE}))
    settled, waiting = settle(built, frozenset({RECORD_5, OTHER}))
    assert (settled, waiting) == (built, frozenset())


def test_the_document_word_for_word() -> None:
    records = [Candidate(record(), 1, 0), Candidate(record(RECORD_10, threshold=None, days_absent=0.5, origin="staff"), 4, 2)]
    batch = select(records, [Candidate(response(), 1, 0)])
    created_at = datetime(2026, 10, 23, 18, 0, 7, 123456, tzinfo=ZoneInfo("Pacific/Auckland"))
    document = document_of(batch, school="0999", term="2026-T4", week="2026-W43", number=2, created_at=created_at)
    body = encode_document(document)
    assert body.decode() == (
        '{"format":"nz.star.upload.v1","version":"1.1","school":"0999","term":"2026-T4","week":"2026-W43","number":2,'
        '"created_at":"2026-10-23T18:00:07+13:00","records":['
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","student":"12345",'
        '"threshold":5,"days_absent":5.0,"crossed_on":"2026-10-19","status":"open","sequence":1,"term":"2026-T4",'
        '"origin":"crossing","change":"new"},'
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","student":"12345",'
        '"threshold":null,"days_absent":0.5,"crossed_on":"2026-10-19","status":"open","sequence":1,"term":"2026-T4",'
        '"origin":"staff","change":"amended"}],"responses":['
        '{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333","record_id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111",'
        '"student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","activity":"conversation-with-whanau","occurred_on":"2026-10-20",'
        '"change":"new"}],"counts":{"records":2,"responses":1},"changes":{"new":2,"amended":1,"withdrawn":0},'
        f'"checksum":"{CHECKSUM}"}}'
    )
    assert read_upload(body).counts.records == 2
    assert encode_document(decode_document(body)) == body
    assert digest_of(body) == hashlib.sha256(body).digest()


CANONICAL = (
    '{"changes":{"amended":1,"new":2,"withdrawn":0},"counts":{"records":2,"responses":1},"created_at":"2026-10-23T18:00:07+13:00",'
    '"format":"nz.star.upload.v1","number":2,"records":['
    '{"change":"new","crossed_on":"2026-10-19","days_absent":5,"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111","origin":"crossing",'
    '"sequence":1,"status":"open","student":"12345","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","term":"2026-T4","threshold":5},'
    '{"change":"amended","crossed_on":"2026-10-19","days_absent":0.5,"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222","origin":"staff",'
    '"sequence":1,"status":"open","student":"12345","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","term":"2026-T4",'
    '"threshold":null}],"responses":['
    '{"activity":"conversation-with-whanau","change":"new","id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333","occurred_on":"2026-10-20",'
    '"record_id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111","student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001"}],'
    '"school":"0999","term":"2026-T4","version":"1.1","week":"2026-W43"}'
)
"""The same document as RFC 8785 writes it, by hand."""

CHECKSUM = f"sha-256:{hashlib.sha256(CANONICAL.encode()).hexdigest()}"


def test_national_student_numbers_are_there_for_schools_that_send_them() -> None:
    other = UUID("7d444840-9dc0-4bd8-9f4c-5a6c5f0b0002")
    batch = select([Candidate(record(), 1, 0), Candidate(record(RECORD_10, student_id=other), 1, 0)], [])
    moment = datetime(2026, 10, 23, 18, tzinfo=UTC)
    what: dict[str, Any] = {"school": "0999", "term": "2026-T4", "week": "2026-W43", "number": 1, "created_at": moment}
    with_them = document_of(batch, nsns={STUDENT: "0123456789"}, **what)
    said = json.loads(encode_document(with_them))
    assert [entry["nsn"] for entry in said["records"]] == ["0123456789", None]
    assert read_upload(encode_document(with_them)).records[0].nsn == "0123456789"
    plain = without_nsn(with_them)
    assert b"nsn" not in encode_document(plain)
    assert plain.checksum == with_them.checksum
    assert checksum_of(plain) == document_of(batch, **what).checksum


def test_documents_of_the_first_version_can_still_be_read() -> None:
    first = (
        b'{"format":"nz.star.upload.v1","school":"0999","term":"2026-T4","week":"2026-W43","number":1,'
        b'"created_at":"2026-10-23T18:00:07+13:00","records":[{"id":"0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111",'
        b'"student_id":"7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001","student":"12345","threshold":5,"days_absent":5.0,'
        b'"crossed_on":"2026-10-19","status":"open","sequence":1}],"responses":[],"counts":{"records":1,"responses":0}}'
    )
    assert (decode_document(first).version, decode_document(first).records[0].student) == ("1.0", "12345")


def test_a_nil_return_is_a_whole_document() -> None:
    moment = datetime(2026, 10, 23, 18, tzinfo=UTC)
    document = document_of(select([], []), school="0999", term="2026-T4", week="2026-W43", number=1, created_at=moment)
    said = json.loads(encode_document(document))
    assert (said["records"], said["responses"], said["counts"]) == ([], [], {"records": 0, "responses": 0})
    read_upload(encode_document(document))
