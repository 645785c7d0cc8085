"""Students and their caregivers as a school sends them."""

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from services.ingest.schools.schemas import Text
from services.ingest.students.addresses import addresses_in
from services.ingest.tables.values import stands_for_nothing
from shared.attendance.enrolment import Weekday
from shared.attendance.timetable import Session
from shared.identifiers import is_student_key
from shared.web.openapi.schemas import REF
from shared.web.schemas import Body

LONGEST_WORDS: Final = 200

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_WORDS, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Words of the school's own system; none at all say nothing."""

Addresses = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""The e-mail address, or several in one field, as a school has them. A wrong one is not refused here, where it would keep the whole
student out: letters that can't be sent to it are reported to the school."""

PostalAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f]*$")]
"""A postal address: a part on each line, or commas between them. None at all says that there is none."""

LONGEST_ADDRESS: Final = 254

_NO_NAMES: Final = frozenset({"", ".", "-", "--", "n/a", "nil", "none"})
"""The texts with which offices fill in the name that a person of one name does not have."""

_EIGHT_DIGITS: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def _day(value: Any) -> Any:
    """Systems write 20261102 for a date, and 0, 00000000 or dashes for none."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if text is None:
        return value
    if not text.strip("0-/."):
        return None
    digits = _EIGHT_DIGITS.fullmatch(text)
    return "-".join(digits.groups()) if digits else text


def _said(day: date | None) -> date | None:
    return None if day is not None and stands_for_nothing(day) else day


Day = Annotated[date | None, BeforeValidator(_day), AfterValidator(_said)]
"""A date, or null for none; the first day of a database's calendar (1 January 1900), by which some systems write nothing, is none, too."""


class CaregiverIn(Body):
    """Somebody who looks after a student. `status`, `role` and `relationship` are the school's own words, and decide whether letters go.

    A caregiver who is there already keeps `notify`, the words and the postal address that are left out.
    """

    name: Text
    email: Addresses | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    notify: bool = True
    status: Words | None = None
    role: Words | None = None
    relationship: Words | None = None
    postal_address: PostalAddress | None = Field(
        default=None,
        description="For letters on paper: a part on each line, or commas between them",
        examples=["12 Example Street\nŌtaki 5512"],
    )

    @field_validator("email")
    @classmethod
    def _bounded(cls, email: str | None) -> str | None:
        if any(len(address) > LONGEST_ADDRESS for address in addresses_in(email)):
            raise ValueError(f"an address has at most {LONGEST_ADDRESS} characters")
        return email


class StudentIn(Body):
    """A student of the school, on its roll from `starts_on` to `leaves_on`; null leaves a side open. A person of one name has it in either
    field. Without `caregivers`, and without these dates and sessions, those sent before stay.

    A start after the leaving date means that the student has come back. `attends`: the sessions of each weekday for a student who attends
    a part of the week; null for all. Absences outside of these dates and sessions do not count.
    """

    stays: ClassVar[frozenset[str]] = frozenset({"caregivers", "starts_on", "leaves_on", "attends"})
    """Fields that stay as they were where they are left out."""

    words_are_added: ClassVar[bool] = False
    """Whether a caregiver's status stands beside the one they had, and does not take its place: the door has no field of its own for it,
    and must lift no restriction that another door brought."""

    student: str
    given_name: Words = ""
    family_name: Words = ""
    year_level: int | None = Field(default=None, ge=0, le=15)
    groups: list[Text] = Field(default=[], max_length=50)
    nsn: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = None
    caregivers: list[CaregiverIn] = Field(default=[], max_length=20)
    starts_on: Day = None
    leaves_on: Day = None
    attends: dict[Weekday, Annotated[list[Session], Field(max_length=2)]] | None = Field(
        default=None, examples=[{"mon": ["AM", "PM"], "tue": ["AM"]}]
    )

    @field_validator("attends")
    @classmethod
    def _attends_something(cls, attends: dict[Weekday, list[Session]] | None) -> dict[Weekday, list[Session]] | None:
        if attends is not None and not any(attends.values()):
            raise ValueError("a student attends a session at least; leave it out for one who attends all")
        return attends

    @field_validator("student")
    @classmethod
    def _key(cls, student: str) -> str:
        if not is_student_key(student):
            raise ValueError("1 to 64 printable ASCII characters, no blanks at the ends")
        return student

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.names()[0]:
            raise ValueError("a student has a given_name, a family_name, or both")
        return self

    def names(self) -> tuple[str, str]:
        """The given and the family name; a person of one name has no family name."""
        names = [name for name in (self.given_name, self.family_name) if name.casefold() not in _NO_NAMES]
        if not names:
            return "", ""
        single = len(names) == 1 or names[0].casefold() == names[1].casefold()
        return names[0], "" if single else names[1]


class StudentsIn(Body):
    """Students to add or replace; others stay as they are. Items are checked one by one."""

    students: Annotated[
        list[Annotated[dict[str, object], WithJsonSchema(StudentIn.model_json_schema(ref_template=REF + "{model}"))]],
        Field(min_length=1, max_length=5_000),
    ]
