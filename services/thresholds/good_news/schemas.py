"""Good news, as the API answers it."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.good_news.news import CLEAR_DAYS, NewsKind
from services.thresholds.schemas import QueryText
from shared.web.schemas import Body

MOST_STUDENTS: Final = 500


class GoodNewsQuery(Body):
    """The students that are asked for: without any of these, all whom the caller may see."""

    term: QueryText | None = Field(default=None, description="The current or last term by default", examples=["2026-T4"])
    year_level: Annotated[int, Field(ge=0, le=15)] | None = None
    group: QueryText | None = None


class NewsQuery(GoodNewsQuery):
    """The same, with the number of days that make a student back on track."""

    clear_days: Annotated[int, Field(ge=1, le=60, description="School days without absence after which a student is back on track")] = (
        CLEAR_DAYS
    )


class CertificatesQuery(GoodNewsQuery):
    """The students who are to get a certificate."""

    student: list[QueryText] = Field(default=[], max_length=MOST_STUDENTS, description="Only these students, by number")


class GoodNewsOut(BaseModel):
    """A piece of good news. `full-term`: no half day of the term was missed so far; `back-on-track`: a student who reached a threshold has
    been at school since `since`."""

    student: str
    student_id: UUID
    name: str
    year_level: int | None
    groups: list[str]
    news: NewsKind
    since: date = Field(description="The first day that the news is about")
    school_days: int = Field(description="School days attended since then")
    unmarked_half_days: int = Field(description="Half days that nobody has marked: a certificate waits for them")
    sentence: str
