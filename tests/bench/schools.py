"""Made-up schools for the benchmarks, and their marks as request bodies and events."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

STUDENTS = 500
TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=70 + TODAY.weekday())
TERM = {"term": f"{FIRST.year}-T4", "start": str(FIRST), "end": str(TODAY + timedelta(days=7))}
RECORDED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


def number(school: int) -> str:
    """The number of the n-th school."""
    return f"{1000 + school:04}"


def school_body(school: int) -> dict[str, object]:
    """The n-th school as it is sent."""
    return {"name": f"Bench School {school}", "terms": [TERM], "open_days": sorted({str(day) for day, _ in half_days()})}


def half_days() -> Iterator[tuple[date, str]]:
    """The term's half days up to yesterday."""
    day = FIRST
    while day < TODAY:
        if day.weekday() < 5:
            yield day, "AM"
            yield day, "PM"
        day += timedelta(days=1)


def roll(day: date, session: str, *, first: int = 0, count: int = STUDENTS, second: int = 0, absent_every: int = 17) -> bytes:
    """A roll of `count` students as a request body; every so-many-th student is absent."""
    recorded_at = (RECORDED + timedelta(seconds=second)).isoformat()
    marks = [
        {
            "student": str(10_000 + student),
            "date": str(day),
            "session": session,
            "code": "M" if (student + day.toordinal()) % absent_every == 0 else "P",
            "recorded_at": recorded_at,
        }
        for student in range(first, first + count)
    ]
    return msgspec.json.encode({"marks": marks})
