"""Students and their caregivers as a school sends them."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from services.ingest.schools.schemas import Address, Text
from shared.identifiers import is_student_key
from shared.web.schemas import Body


class CaregiverIn(Body):
    """Somebody who looks after a student."""

    name: Text
    email: Address | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    notify: bool = True


class StudentIn(Body):
    """A student of the school."""

    student: str
    given_name: Text
    family_name: Text
    year_level: int | None = Field(default=None, ge=0, le=15)
    groups: list[Text] = Field(default=[], max_length=50)
    nsn: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = None
    caregivers: list[CaregiverIn] = Field(default=[], max_length=20)

    @field_validator("student")
    @classmethod
    def _key(cls, student: str) -> str:
        if not is_student_key(student):
            raise ValueError("1 to 64 printable ASCII characters, no blanks at the ends")
        return student


class StudentsIn(Body):
    """Students to add or replace; others stay as they are. Items are checked one by one."""

    students: list[dict[str, object]] = Field(min_length=1, max_length=5_000)
