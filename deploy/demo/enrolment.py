"""First steps: the school and its students are sent, unless the service knows them; then, how far their term is played."""

from datetime import date
from typing import Any, Final

from deploy.demo import school
from deploy.demo.client import Client
from deploy.demo.diary import Diary
from deploy.demo.school import NUMBER, Student
from deploy.demo.terms import carried_on, school_year
from deploy.demo.waiting import until
from shared.attendance.calendar import SchoolCalendar, Term

PROBES: Final = 3
"""Students who are asked about: some of the first, the middle and the last class."""


async def enrol_school(client: Client, today: date) -> tuple[SchoolCalendar, bool]:
    """The calendar that the service has, after sending it where it is new; and whether it knew the school before."""
    stored = await client.find(f"/ingest/v1/schools/{NUMBER}")
    known = _calendar(stored) if stored else None
    calendar = carried_on(known, today) if known else school_year(today)
    if calendar != known:
        await client.put(f"/ingest/v1/schools/{NUMBER}", school.school_json(calendar))
    return calendar, stored is not None


async def enrol_students(client: Client, everybody: tuple[Student, ...]) -> bool:
    """Sends the students unless they are there; whether they were sent."""
    # A school is news for the service that counts: it comes there a moment later.
    await until(lambda: client.find(f"/thresholds/v1/schools/{NUMBER}/activities"), bool)
    known = {student["student"] async for student in client.pages(f"/thresholds/v1/schools/{NUMBER}/students") if student["name"]}
    if all(student.key in known for student in everybody):
        return False
    await client.put(f"/ingest/v1/schools/{NUMBER}/students", school.students_json(everybody))
    return True


async def resumed(client: Client, diary: Diary, term: Term, everybody: tuple[Student, ...]) -> Diary:
    """The diary as far as the service confirms it. Missing days are played again; repeated marks do no harm."""
    last_days = [await _last_marked(client, student.key, term) for student in _probes(everybody)]
    if None in last_days:
        return Diary(term=term.name)
    marked = min(filter(None, last_days))
    if diary.term != term.name:
        # Somebody else's diary, or none: its last day may be half a day.
        return Diary(term=term.name, posted_until=f"{marked} ")
    if diary.posted_until[: len(marked)] <= marked:
        return diary
    return Diary(term=term.name, posted_until=f"{marked} ")


async def _last_marked(client: Client, student: str, term: Term) -> str | None:
    found = await client.find(f"/thresholds/v1/schools/{NUMBER}/students/{student}/attendance", term=term.name)
    return max((day["date"] for day in found["days"] if day["marks"]), default=None) if found else None


def _probes(everybody: tuple[Student, ...]) -> list[Student]:
    return [everybody[place * (len(everybody) - 1) // (PROBES - 1)] for place in range(PROBES)]


def _calendar(stored: dict[str, Any]) -> SchoolCalendar:
    return SchoolCalendar(
        terms=tuple(Term(term["term"], date.fromisoformat(term["start"]), date.fromisoformat(term["end"])) for term in stored["terms"]),
        closed_days=frozenset(map(date.fromisoformat, stored["closed_days"])),
        half_days=frozenset(map(date.fromisoformat, stored["half_days"])),
        timezone=stored["timezone"],
    )
