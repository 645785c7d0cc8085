"""KAMAR's credentials, its documents and what of them could not be applied, as the API answers them."""

import uuid
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel


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
