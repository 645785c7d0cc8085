"""The document as CSV files, and back."""

import io
import zipfile
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given

from services.moe_sync.uploads.csv_set import files_of, zipped
from services.moe_sync.uploads.document import Changes, Counts, Document, RecordEntry, ResponseEntry, checksum_of, encode_document
from tests.support.csv_documents import document_in
from tests.unit.services.moe_sync.uploads.documents import documents

RECORD = RecordEntry(
    id=UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111"),
    student_id=UUID("7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001"),
    student='=1+1,"x"',
    threshold=None,
    days_absent=4.5,
    crossed_on=date(2026, 10, 19),
    status="open",
    sequence=1,
    term="2026-T4",
    origin="staff",
    change="new",
    nsn="0123456789",
)
RESPONSE = ResponseEntry(
    id=UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333"),
    record_id=RECORD.id,
    student_id=RECORD.student_id,
    activity="in-school-support",
    occurred_on=date(2026, 10, 20),
    change="withdrawn",
)
DOCUMENT = Document(
    version="1.1",
    school="0189",
    term="2026-T4",
    week="2026-W43",
    number=2,
    created_at=datetime(2026, 10, 23, 5, tzinfo=UTC),
    records=[RECORD],
    responses=[RESPONSE],
    counts=Counts(1, 1),
    changes=Changes(1, 0, 1),
    checksum="sha-256:00",
)


def test_the_files_word_for_word() -> None:
    assert {name: content.decode() for name, content in files_of(DOCUMENT).items()} == {
        "manifest.csv": "format,version,school,term,week,number,created_at,records,responses,new,amended,withdrawn,nsn,checksum\r\n"
        "nz.star.upload.v1,1.1,0189,2026-T4,2026-W43,2,2026-10-23T05:00:00+00:00,1,1,1,0,1,yes,sha-256:00\r\n",
        "records.csv": "id,student_id,student,threshold,days_absent,crossed_on,status,sequence,term,origin,change,nsn\r\n"
        '0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111,7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001,"\'=1+1,""x""",,4.5,2026-10-19,open,1,'
        "2026-T4,staff,new,0123456789\r\n",
        "responses.csv": "id,record_id,student_id,activity,occurred_on,change\r\n"
        "0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333,0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111,7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001,"
        "in-school-support,2026-10-20,withdrawn\r\n",
    }


@given(documents())
def test_nothing_is_lost_on_the_way_to_csv_and_back(document: Document) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(document))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    back = document_in(files)
    # Without records nothing tells whether the school sends numbers, and nothing needs to.
    assert back == document
    assert encode_document(back) == encode_document(document)
    assert checksum_of(back) == document.checksum
    assert zipped(back) == zipped(document)


def test_files_of_another_layout_are_refused() -> None:
    files = files_of(DOCUMENT)
    for wrong in ({"records.csv": b"id\r\n"}, {"manifest.csv": files["manifest.csv"].replace(b"nz.star.upload.v1", b"else")}):
        with pytest.raises(ValueError, match=r"nz\.star\.upload|columns"):
            document_in(files | wrong)
    with pytest.raises(KeyError):
        document_in({"manifest.csv": files["manifest.csv"], "records.csv": files["records.csv"]})
