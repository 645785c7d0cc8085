"""Rehearsals, as the API takes and answers them."""

import uuid
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from services.notifier.contacts.recipients import Channel
from services.notifier.letters.schemas.policy import PolicyIn
from services.notifier.rehearsals.comparing import Change, Words
from services.notifier.rehearsals.replaying import Outcome
from services.notifier.templates.languages import HOUSE
from services.notifier.templates.schemas import Language, Subject, Text
from shared.attendance.tiers import Threshold
from shared.web.schemas import Body

MOST_WEEKS: Final = 12
MOST_LINES: Final = 5_000


class TriedWords(Body):
    """A letter's words to try out, in one language."""

    threshold: Threshold
    subject: Subject = Field(description="The subject, with variables in double braces", examples=["{{ child }}: {{ days }}"])
    body: Text
    language: Language = HOUSE


class RehearsalIn(Body):
    """Choices to try out on the crossings of the last weeks. Whatever is left out is as it is in force."""

    policy: PolicyIn | None = Field(default=None, description="A whole policy; null for the one in force")
    words: Annotated[list[TriedWords], Field(max_length=60)] = Field(default=[], description="Words in place of those in force")
    weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = Field(default=4, description="How many weeks back from now")
    limit: Annotated[int, Field(ge=0, le=MOST_LINES)] = Field(default=1_000, description="Letters in the answer; differences come first")

    @model_validator(mode="after")
    def _words_once(self) -> Self:
        if len({(one.threshold, one.language) for one in self.words}) != len(self.words):
            raise ValueError("a letter's words in a language come once")
        return self


class StepSum(BaseModel):
    """The letters about one threshold."""

    threshold: Threshold
    letters: int


class RehearsedSum(BaseModel):
    """The letters of one side: those that go, those above a day's number, and those that nobody would get."""

    letters: int = Field(description="Letters that go by themselves")
    kept_back: int = Field(description="Letters above a day's number, which wait for a person")
    no_contact: int = Field(description="Letters that nobody would get")
    copies: int = Field(description="E-mails, text messages and envelopes of the letters that go")
    steps: list[StepSum] = Field(description="The letters that go, by threshold")


class RehearsedCopy(BaseModel):
    """The letter to one caregiver's address, which is not named."""

    channel: Channel
    language: str
    words: Words = Field(description="Its words: those that are tried, the school's own, or the house's")


class RehearsedLetter(BaseModel):
    """A letter as it would go."""

    goes_at: datetime = Field(description="When it would have gone, or would go")
    outcome: Outcome = Field(description="The end of it: it goes, waits for a person, or reaches nobody")
    copies: list[RehearsedCopy]


class RehearsalLine(BaseModel):
    """One letter by the choices in force, and by the others; null where there would be none."""

    student: str
    student_id: uuid.UUID
    name: str | None
    year_level: int | None
    term: str
    threshold: Threshold
    change: Change = Field(description="How the second letter differs from the first")
    before: RehearsedLetter | None = Field(description="By the choices in force; null for none")
    after: RehearsedLetter | None = Field(description="By the other choices; null for none")


class ChangeSum(BaseModel):
    """How many letters differ in one way."""

    change: Change = Field(description="How letters differ")
    letters: int


class RehearsalOut(BaseModel):
    """The letters of some weeks by the choices in force, and by the others."""

    since: datetime = Field(description="When the weeks begin")
    crossings: int = Field(description="Crossings of these weeks")
    before: RehearsedSum = Field(description="By the choices in force")
    after: RehearsedSum = Field(description="By the other choices")
    changes: list[ChangeSum] = Field(description="Letters by how they differ")
    items: list[RehearsalLine]
    left_out: int = Field(description="Letters beyond `limit`")
