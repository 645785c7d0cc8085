"""Letter templates, as the API takes and answers them."""

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from services.notifier.templates.languages import HOUSE, canonical
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.language import LONGEST
from services.notifier.templates.rendering.samples import SampleCase
from services.notifier.templates.rendering.variables import Kind
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.identifiers import is_student_key
from shared.web.schemas import Body


def _lines(value: object) -> object:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _student(value: str) -> str:
    if not is_student_key(value):
        raise ValueError("1 to 64 printable ASCII characters")
    return value


Language = Annotated[str, AfterValidator(canonical), Field(description="A BCP 47 tag", examples=["en", "mi", "sm"])]
Subject = Annotated[
    str, BeforeValidator(_lines), StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST["subject"], pattern=r"^[^\n]*$")
]
Text = Annotated[str, BeforeValidator(_lines), StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST["body"])]
StudentKey = Annotated[str, AfterValidator(_student), Field(description="The school's own key of a student", examples=["12345"])]
Speaker = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
LetterParameter = Annotated[LetterKind, BeforeValidator(lambda text: {str(days): days for days in THRESHOLDS}.get(text, text))]
"""A letter in a path: its threshold, or its occasion. In a path everything is text."""

Origin = Literal["school", "house"]


class TemplateIn(Body):
    """A letter's words, with places for values."""

    subject: Subject = Field(examples=["{{ child }} has been away for {{ days }} this term"])
    body: Text = Field(examples=["Kia ora {{ greeting }},\n\n{{ child }} has been away for **{{ days }}** in {{ term }}."])
    language: Language = HOUSE
    checked_by: Speaker | None = Field(
        default=None, description="The fluent speaker who has read words in another language than English", examples=["Mere Example"]
    )


class RestoreIn(Body):
    """The version whose words are to be in force again."""

    version: int = Field(ge=1)
    language: Language = HOUSE


class SampleIn(Body):
    """The made-up family."""

    mostly_illness: bool = False
    absent_days_known: bool = Field(
        default=True, description="Whether the letter can name the days; not after a count from before it could"
    )
    term_dates_known: bool = True
    contact_email: bool = Field(default=True, description="Whether the school has given an address")
    caregivers: Literal[1, 2] = 2
    contact_person: bool = Field(default=True, description="Whether the school has named a person and a telephone number")
    reply_link: bool = Field(default=False, description="Whether the letter carries a link for the family's answer")

    def case(self) -> SampleCase:
        """The same for those who write letters."""
        return SampleCase(**self.model_dump())


class WordsIn(Body):
    """Words to try out. A field that is left out comes from the template in force."""

    subject: Subject | None = None
    body: Text | None = None
    sample: SampleIn | None = None


class PreviewIn(WordsIn):
    """For a made-up family, or a real student's."""

    language: Language | None = Field(default=None, description="Left out: English, or the first caregiver's")
    student: StudentKey | None = None

    @model_validator(mode="after")
    def _one_family(self) -> Self:
        if self.student is not None and self.sample is not None:
            raise ValueError("a student or a sample, not both")
        return self


class TrialIn(WordsIn):
    """The address that a letter to a made-up family goes to."""

    to: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)] = Field(
        description="The school's contact address, or one in the same domain"
    )
    language: Language = HOUSE


class VariableOut(BaseModel):
    """A variable that templates can use."""

    name: str
    kind: Kind
    optional: bool = Field(description="It can be empty: what needs it goes between {% if name %} and {% endif %}")
    says: str
    example: str


class TemplateOut(BaseModel):
    """The words in force for a letter and language."""

    school: str
    threshold: LetterKind = Field(description="The threshold in days, or the occasion of a letter that is about none")
    language: str = Field(description="The language of these words; another one than asked for, where there are none in that")
    subject: str
    body: str
    origin: Origin
    version: int | None = Field(description="null: the house's words")
    saved_by: str | None
    saved_at: datetime | None


class LetterLanguageOut(BaseModel):
    """A language that caregivers have: the thresholds for which the school has words in it, and those whose words need a speaker's eye. A
    caregiver gets English where there are none, and English beside any other language."""

    language: str
    caregivers: int
    thresholds: list[Threshold]
    needs_speaker: list[Threshold]


class TemplateVersionOut(BaseModel):
    """A version of the school's words; without subject and body, the house's took their place."""

    version: int
    language: str
    subject: str | None
    body: str | None
    restored: int | None = Field(description="The version whose words came back with it")
    saved_by: str
    saved_at: datetime


class PreviewOut(BaseModel):
    """The letter as it would go out."""

    subject: str
    text: str
    html: str
    language: str
    origin: Literal["school", "house", "request"]
    version: int | None
    text_message: str = Field(
        description="The text message about the same, in the house's words, for a caregiver without an e-mail address"
    )


class TrialOut(BaseModel):
    """A letter sent on trial."""

    id: uuid.UUID
    to: str
    subject: str
    status: Literal["waiting", "sent", "failed"]
