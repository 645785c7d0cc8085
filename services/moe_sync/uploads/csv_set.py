"""The same upload as CSV: records, responses and a manifest, which hold all that the document says. Pure."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import UNSET

from services.moe_sync.uploads.document import Document, RecordEntry, ResponseEntry, decode_document

MANIFEST: Final = "manifest.csv"
RECORDS: Final = "records.csv"
RESPONSES: Final = "responses.csv"

MANIFEST_COLUMNS: Final = (
    "format",
    "version",
    "school",
    "term",
    "week",
    "number",
    "created_at",
    "records",
    "responses",
    "new",
    "amended",
    "withdrawn",
    "nsn",
    "checksum",
)
RECORD_COLUMNS: Final = (
    "id",
    "student_id",
    "student",
    "threshold",
    "days_absent",
    "crossed_on",
    "status",
    "sequence",
    "term",
    "origin",
    "change",
    "nsn",
)
RESPONSE_COLUMNS: Final = ("id", "record_id", "student_id", "activity", "occurred_on", "change")

_FORMULAS: Final = ("=", "+", "-", "@", "|", "%", "'")
"""Beginnings of a student's key that a spreadsheet would take for something else; an apostrophe in front says "this is text"."""

_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def files_of(document: Document) -> dict[str, bytes]:
    """The three files by name: UTF-8, RFC 4180, a header row each."""
    return {
        MANIFEST: _written(MANIFEST_COLUMNS, [_manifest(document)]),
        RECORDS: _written(RECORD_COLUMNS, map(_record, document.records)),
        RESPONSES: _written(RESPONSE_COLUMNS, map(_response, document.responses)),
    }


def archive_of(body: bytes) -> bytes:
    """The same as one archive, from the bytes of a document."""
    return zipped(decode_document(body))


def zipped(document: Document) -> bytes:
    """The three files in one archive; equal documents make equal bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in files_of(document).items():
            file.writestr(zipfile.ZipInfo(name, _NO_TIME), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _manifest(document: Document) -> Sequence[object]:
    counts, changes = document.counts, document.changes
    return (
        document.format,
        document.version,
        document.school,
        document.term,
        document.week,
        document.number,
        document.created_at.isoformat(),
        counts.records,
        counts.responses,
        changes.new,
        changes.amended,
        changes.withdrawn,
        "yes" if any(entry.nsn is not UNSET for entry in document.records) else "no",
        document.checksum,
    )


def _record(entry: RecordEntry) -> Sequence[object]:
    return (
        entry.id,
        entry.student_id,
        f"'{entry.student}" if entry.student.startswith(_FORMULAS) else entry.student,
        entry.threshold,
        entry.days_absent,
        entry.crossed_on,
        entry.status,
        entry.sequence,
        entry.term,
        entry.origin,
        entry.change,
        None if entry.nsn is UNSET else entry.nsn,
    )


def _response(entry: ResponseEntry) -> Sequence[object]:
    return (entry.id, entry.record_id, entry.student_id, entry.activity, entry.occurred_on, entry.change)


def _written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode()
