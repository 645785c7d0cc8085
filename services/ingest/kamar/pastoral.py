"""KAMAR's pastoral rows, kept as they come: the names of a STAR record's extra fields are not public, so no key is thrown away. Pure."""

from dataclasses import dataclass

import msgspec

from services.ingest.kamar import values
from services.ingest.kamar.values import Value

LONGEST_ROW = 64 * 1024


@dataclass(frozen=True, slots=True)
class PastoralRow:
    """One row: student, type and ref are its key, `document` all that was said, as JSON."""

    student: str
    type: str
    ref: str
    document: bytes


def parse(element: dict[str, Value]) -> PastoralRow | str:
    """The row of an element, or why there is none."""
    student, kind, ref = values.key(element.get("id")), values.text(element.get("type"), 40), values.text(element.get("ref"), 64)
    if student is None:
        return "id: missing, or no key of a student"
    if kind is None or ref is None:
        return "type and ref: missing, or no text"
    document = msgspec.json.encode(_storable(element))
    if len(document) > LONGEST_ROW:
        return "the row is too large"
    return PastoralRow(student, kind, ref, document)


def _storable(value: Value) -> Value:
    """Without what a database can't keep: NUL characters and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(member) for member in value]
    if isinstance(value, dict):
        return {str(_storable(key)): _storable(member) for key, member in value.items()}
    return value
