"""Sorts students into those that are accepted and those that are refused: one pass over a batch, item by item. Pure: the clock is given."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from services.ingest.answers import Rejected
from services.ingest.students.schemas import StudentIn
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import Caregiver, StudentUpdated
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id


@dataclass(slots=True)
class StudentBatch:
    """Sorts the students of one request into those let in and those refused."""

    accepted: list[StudentIn] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def take(self, index: int, item: object) -> None:
        """Lets one item in, or notes why not; the detail never quotes it."""
        try:
            student = StudentIn.model_validate(item)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            self.rejected.append(Rejected(index=index, reason="bad-field", detail=f"{where}: {first['msg']}"))
            return
        if student.student in self._seen:
            self.rejected.append(Rejected(index=index, reason="bad-field", detail="student: there twice in this request"))
            return
        self._seen.add(student.student)
        self.accepted.append(student)


def updated(school: SchoolNumber, student: StudentIn, now: datetime) -> Event:
    """The event that says what a student is like now."""
    data = StudentUpdated(
        school=school,
        student=student.student,
        student_id=student_id(school, student.student),
        given_name=student.given_name,
        family_name=student.family_name,
        year_level=student.year_level,
        groups=student.groups,
        nsn=student.nsn.zfill(10) if student.nsn is not None else None,
        caregivers=[Caregiver(**caregiver.model_dump()) for caregiver in student.caregivers],
        updated_at=now,
    )
    return Event(STUDENT_UPDATED, new_event_id(), "/ingest", now, str(data.student_id), data)
