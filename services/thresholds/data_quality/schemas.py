"""The data-quality report, as the API answers it."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.data_quality.report import IssueKind
from shared.web.pages import Page


class IssueOut(BaseModel):
    """Something to mend: of a student, or of the whole school. `count` is in half days (`unmarked`), periods (`unmarked-period`), or
    else marks or records."""

    issue: IssueKind
    student: str | None
    student_id: UUID | None
    date: date | None
    count: int
    detail: str


class DataQualityOut(Page[IssueOut]):
    """A page of what is missing or doubtful. `counts`: the number of issues of each kind in the whole report."""

    school: str
    term: str
    as_of: datetime
    counts: dict[IssueKind, int]
