"""KAMAR's credentials, its documents and what of them could not be applied, as the API answers them."""

import uuid
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from services.ingest.changes.effect import Effect
from services.ingest.students.schemas import Words
from shared.web.schemas import Body


class NewCredential(BaseModel):
    """A credential with its password, which is shown this once."""

    username: str
    password: str


class CredentialOut(BaseModel):
    """A credential."""

    username: str
    created_at: datetime
    last_used_at: datetime | None


class KamarDocumentOut(BaseModel):
    """A document. `counts` are the elements of each section, and what became of them; `refused` is by reason."""

    id: uuid.UUID
    sync: str
    received_at: datetime
    state: Literal["waiting", "done", "failed", "refused"]
    bytes: int
    counts: dict[str, int]
    refused: dict[str, int]
    error: str | None
    settled_at: datetime | None


class RefusalOut(BaseModel):
    """A refusal: `count` marks or records of a student and day, or of the document where there is no student."""

    id: uuid.UUID
    document: uuid.UUID
    student: str | None
    day: date | None
    reason: str
    detail: str
    count: int
    at: datetime


class HeldChangeOut(BaseModel):
    """A part of a push that waits for a decision: students off the roll, students with other dates, and the effect.

    `reasons` say why it is held. `known` is false if the effect on totals could not be found out.
    """

    id: uuid.UUID
    document: uuid.UUID
    received_at: datetime
    students_off: list[str]
    students_redated: list[str]
    effect: Effect
    known: bool
    reasons: list[str]
    state: Literal["held", "released", "discarded", "superseded"]
    settled_at: datetime | None
    settled_by: str | None
    why: str | None


class Discarding(Body):
    """The reason why a change is left unmade."""

    why: Words
