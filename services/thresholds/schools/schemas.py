"""Schools, as the API answers them."""

from datetime import date

from pydantic import BaseModel


class TermOut(BaseModel):
    """A term; its first and last day are both included."""

    term: str
    start: date
    end: date


class SchoolOut(BaseModel):
    """A school. `today` is the day on its own clock; `term` is the current or last term, null before there is any."""

    school: str
    name: str
    timezone: str
    today: date
    term: TermOut | None
    terms: list[TermOut]
