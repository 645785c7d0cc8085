"""A piece of casework: a contact, a meeting, a support plan, a family's reply or a letter, about one student. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from shared.identifiers import SchoolNumber

Kind = Literal["contact", "meeting", "support-plan", "reply", "letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece as it is kept.

    `document` is what its room keeps of it, in JSON's types; `version` counts its changes from 1. `at` orders the pieces of a student.
    `due_on` is the day from which it waits for a person. `record_id` and `response_id` name the response that it wrote.
    """

    id: UUID
    kind: Kind
    school: SchoolNumber
    student: str
    student_id: UUID
    term: str
    at: datetime
    status: str
    due_on: date | None
    document: Mapping[str, Any]
    version: int
    record_id: UUID | None
    response_id: UUID | None
    made_by: str
    made_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A piece's document as it once was, and the account that saved it."""

    version: int
    document: Mapping[str, Any]
    saved_by: str
    saved_at: datetime


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields whose values differ."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
