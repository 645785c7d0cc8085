"""Sorts students into those that are accepted and those that are refused: one pass over a batch, item by item. Pure."""

from dataclasses import dataclass, field

from pydantic import ValidationError

from services.ingest.answers import Rejected
from services.ingest.students.schemas import StudentIn


@dataclass(slots=True)
class StudentBatch:
    """Sorts the students of one request into those let in and those refused."""

    schema: type[StudentIn] = StudentIn
    accepted: list[StudentIn] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def take(self, index: int, item: object) -> None:
        """Lets one item in, or notes why not; the detail never quotes it."""
        try:
            student = self.schema.model_validate(item)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = [".".join(map(str, first["loc"]))] if first["loc"] else []
            detail = ": ".join([*where, first["msg"].removeprefix("Value error, ")])
            self.rejected.append(Rejected(index=index, reason="bad-field", detail=detail))
            return
        if student.student in self._seen:
            self.rejected.append(Rejected(index=index, reason="bad-field", detail="student: there twice in this request"))
            return
        self._seen.add(student.student)
        self.accepted.append(student)
