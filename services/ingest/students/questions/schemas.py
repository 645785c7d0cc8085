"""Questions about children and keys, as the API answers and takes them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.ingest.students.repository.identities import IdentityAnswer, Kind
from shared.identifiers import MOST_KEY
from shared.web.schemas import Body

StudentKey = Annotated[str, Field(min_length=1, max_length=MOST_KEY)]


class ChildOut(BaseModel):
    """A child of whom a question is. `student` is the engine's key; `key` is the school's."""

    student: str
    key: str
    name: str | None
    year_level: int | None
    groups: list[str]


class IdentityQuestionOut(BaseModel):
    """A question. `key-reused`: a key that the first of the two had came with the second. `two-keys`: the two are likely one child.

    `why`: `nsn` (the numbers differ, or are the same), `name`, or `name-year-caregiver`.
    """

    id: UUID
    kind: Kind
    why: Literal["nsn", "name", "name-year-caregiver"]
    children: list[ChildOut]
    asked_at: datetime | None
    answer: IdentityAnswer | None
    answered_at: datetime | None
    answered_by: str | None


class Decision(Body):
    """The school's answer. `into`: the key under which one child with two keys is counted; the first of the two by default."""

    decision: IdentityAnswer
    into: StudentKey | None = None


class MergeIn(Body):
    """A child with two keys: `student` is counted as `into` from now on, with all that came under either key."""

    student: StudentKey
    into: StudentKey


class MergedOut(BaseModel):
    """A key that is counted as another one."""

    student: str
    into: str
    merged_at: datetime
    merged_by: str
