"""KAMAR's students: what of an element is kept, how it is merged into what was known, and the event it makes. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from services.ingest.kamar import values
from services.ingest.kamar.values import Value
from services.ingest.students import changing
from services.ingest.students.merging import merged
from services.ingest.students.numbers import national_number
from services.ingest.students.schemas import CaregiverIn, StudentIn
from services.ingest.tables import values as cells
from services.ingest.tables.identifiers import unspoilt
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber

Fields = dict[str, Any]
"""A student's stored fields, as JSON."""

MOST_CAREGIVERS: Final = 20
MOST_GROUPS: Final = 50
_NSN_DIGITS: Final = 10
_HIGHEST_YEAR: Final = 15

_NAMES: Final = ("name", "group", "coreoption", "description", "subject", "ref")
"""The keys under which the name of a group may stand."""

_WORDS: Final = ("status", "role", "relationship")
"""A caregiver's words. One that a document leaves out stays as it was."""


@dataclass
class Parsed:
    """One element, parsed. Only keys that it has are in `fields`; `problems` lists values that could not be read."""

    student: str | None
    fields: Fields = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def parse(element: dict[str, Value]) -> Parsed:
    """Reads one element; a value of the wrong kind doesn't spoil the others."""
    parsed = Parsed(values.key(element.get("id")))
    if parsed.student is None:
        parsed.problems.append("id: missing, or no key of a student")
        return parsed
    for key, name in (("firstname", "given_name"), ("lastname", "family_name"), ("tutor", "tutor")):
        if key in element:
            parsed.fields[name] = values.text(element[key])
    for key, name in (("startingdate", "starting"), ("leavingdate", "leaving")):
        if key in element:
            _date(parsed, key, name, element[key])
    for key, name, read in (("yearlevel", "year_level", _year_level), ("nsn", "nsn", _nsn)):
        if key in element:
            _said(parsed, key, name, read, element[key])
    if "groups" in element:
        parsed.fields["groups"] = _groups(element["groups"])
    if "caregivers" in element:
        parsed.fields["caregivers"] = _caregivers(element["caregivers"], parsed.problems)
    return parsed


def has_left(fields: Fields, today: date) -> bool:
    """Whether the student's last day lies behind us. A start after it beats it: the student has come back."""
    return changing.has_left(_stored_day(fields, "starting"), _stored_day(fields, "leaving"), today)


def student_of(
    school: SchoolNumber, student: str, fields: Fields, updated_at: datetime, before: StudentUpdated | None = None
) -> StudentUpdated | None:
    """The student, merged into what they were `before`; None as long as a name is missing."""
    groups = [fields["tutor"]] if fields.get("tutor") else []
    groups += [group for group in fields.get("groups") or [] if group not in groups]
    try:
        checked = StudentIn.model_validate(
            {
                "student": student,
                "given_name": fields.get("given_name") or "",
                "family_name": fields.get("family_name") or "",
                "year_level": fields.get("year_level"),
                "groups": groups[:MOST_GROUPS],
                "nsn": fields.get("nsn"),
            }
            | {name: fields[key] for key, name in (("starting", "starts_on"), ("leaving", "leaves_on")) if key in fields}
            | ({"caregivers": list(map(_sent, fields["caregivers"]))} if "caregivers" in fields else {})
        )
    except ValidationError:
        return None
    return merged(school, checked, before, updated_at)


def is_redated(fields: Fields, published: StudentUpdated) -> bool:
    """Whether KAMAR has other dates than those that were published."""
    sent = [(fields[name], day) for name, day in (("starting", published.starts_on), ("leaving", published.leaves_on)) if name in fields]
    return any(text != (None if day is None else day.isoformat()) for text, day in sent)


def dated_as(student: StudentUpdated, before: StudentUpdated | None, today: date) -> StudentUpdated:
    """The student with the dates that were published before, if other ones would count other days: those wait for the whole document."""
    if before is None or changing.counted_by(before, today) == changing.counted_by(student, today):
        return student
    return msgspec.structs.replace(student, starts_on=before.starts_on, leaves_on=before.leaves_on)


def digest(student: StudentUpdated) -> bytes:
    """Tells whether two events say the same, apart from when."""
    content = msgspec.to_builtins(student) | {"updated_at": None}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()


def _date(parsed: Parsed, key: str, name: str, value: Value) -> None:
    """A date that cannot be read leaves the one that is stored alone."""
    if values.is_blank_day(value):
        parsed.fields[name] = None
    elif (day := values.day(value)) is not None:
        parsed.fields[name] = day.isoformat()
    else:
        parsed.problems.append(f"{key}: not a date")


def _stored_day(fields: Fields, name: str) -> date | None:
    stored = fields.get(name)
    return None if stored is None else date.fromisoformat(stored)


def _said(parsed: Parsed, key: str, name: str, read: Callable[[Value], object], value: Value) -> None:
    """A value that cannot be read leaves the one that is stored alone."""
    try:
        parsed.fields[name] = read(value)
    except ValueError as error:
        parsed.problems.append(f"{key}: {error}")


def _year_level(value: Value) -> int | None:
    line = values.text(value) if isinstance(value, str) else None
    if value is None or (isinstance(value, str) and line is None):
        return None
    level = values.integer(cells.year_level(line) if line is not None else value)
    if level is None or not 0 <= level <= _HIGHEST_YEAR:
        raise ValueError(f"not a number from 0 to {_HIGHEST_YEAR}")
    return level


def _nsn(value: Value) -> str | None:
    line = values.text(int(value) if isinstance(value, float) and value.is_integer() else value)
    if line is None and (value is None or isinstance(value, str)):
        return None
    digits = unspoilt((line or "").replace(" ", ""))
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _NSN_DIGITS):
        raise ValueError("not up to ten digits")
    return national_number(digits)


def _groups(value: Value) -> list[str]:
    names: list[str] = []
    for row in values.rows(value):
        names_of_row = [values.text(row.get(key)) for key in _NAMES] if isinstance(row, dict) else [values.text(row)]
        name = next((name for name in names_of_row if name is not None), None)
        if name is not None and name not in names:
            names.append(name)
    return names[:MOST_GROUPS]


def _caregivers(value: Value, problems: list[str]) -> list[Fields]:
    caregivers: list[Fields] = []
    for row in values.rows(value)[:MOST_CAREGIVERS]:
        if not isinstance(row, dict):
            problems.append("caregivers: not an object")
            continue
        email, phone = values.text(row.get("email"), 1_000), values.text(row.get("mobile"), 40)
        name = values.text(row.get("name")) or values.text(row.get("relationship"))
        if name is None and email is None and phone is None:
            continue
        fields: Fields = {"name": name or "Caregiver", "email": email, "phone": phone}
        try:
            CaregiverIn.model_validate(fields)
        except ValidationError:
            problems.append("caregivers: a name, e-mail address or number that can't be one")
            continue
        caregivers.append(fields | {key: values.text(row[key]) for key in _WORDS if key in row})
    return caregivers


def _sent(fields: Fields) -> Fields:
    """A stored caregiver as the REST door takes them."""
    # Up to version 0.1 status and role were stored as one list.
    marks = fields.get("marks", [])
    return dict(zip(_WORDS, marks, strict=False)) | {key: value for key, value in fields.items() if key != "marks"}
