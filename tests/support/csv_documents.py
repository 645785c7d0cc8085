"""Reads the CSV files of an upload back into the document that they hold, as a receiver would."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast
from uuid import UUID

from msgspec import UNSET

from services.moe_sync.items.item import Change, Origin, RecordStatus
from services.moe_sync.uploads.csv_set import MANIFEST, MANIFEST_COLUMNS, RECORD_COLUMNS, RECORDS, RESPONSE_COLUMNS, RESPONSES
from services.moe_sync.uploads.document import FORMAT, Changes, Counts, Document, RecordEntry, ResponseEntry
from shared.attendance.tiers import Threshold


def document_in(files: Mapping[str, bytes]) -> Document:
    """The document that three files hold. Raises KeyError or ValueError for files of another layout."""
    (manifest,) = _rows(files[MANIFEST], MANIFEST_COLUMNS)
    if manifest["format"] != FORMAT:
        raise ValueError(f"the manifest is not of {FORMAT}")
    with_nsn = manifest["nsn"] == "yes"
    return Document(
        version=manifest["version"],
        school=manifest["school"],
        term=manifest["term"],
        week=manifest["week"],
        number=int(manifest["number"]),
        created_at=datetime.fromisoformat(manifest["created_at"]),
        records=[_record_in(row, with_nsn) for row in _rows(files[RECORDS], RECORD_COLUMNS)],
        responses=[_response_in(row) for row in _rows(files[RESPONSES], RESPONSE_COLUMNS)],
        counts=Counts(int(manifest["records"]), int(manifest["responses"])),
        changes=Changes(int(manifest["new"]), int(manifest["amended"]), int(manifest["withdrawn"])),
        checksum=manifest["checksum"],
    )


def _record_in(row: Mapping[str, str], with_nsn: bool) -> RecordEntry:
    return RecordEntry(
        id=UUID(row["id"]),
        student_id=UUID(row["student_id"]),
        student=row["student"].removeprefix("'"),
        threshold=cast(Threshold, int(row["threshold"])) if row["threshold"] else None,
        days_absent=float(row["days_absent"]),
        crossed_on=date.fromisoformat(row["crossed_on"]),
        status=cast(RecordStatus, row["status"]),
        sequence=int(row["sequence"]),
        term=row["term"],
        origin=cast(Origin, row["origin"]),
        change=cast(Change, row["change"]),
        nsn=(row["nsn"] or None) if with_nsn else UNSET,
    )


def _response_in(row: Mapping[str, str]) -> ResponseEntry:
    return ResponseEntry(
        id=UUID(row["id"]),
        record_id=UUID(row["record_id"]),
        student_id=UUID(row["student_id"]),
        activity=row["activity"],
        occurred_on=date.fromisoformat(row["occurred_on"]),
        change=cast(Change, row["change"]),
    )


def _rows(content: bytes, columns: Sequence[str]) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != tuple(columns):
        raise ValueError("the columns are not those of the format")
    return list(reader)
