"""The school's work with some families: attempts to reach them, meetings, and support plans that come up for review."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.demo.client import Client
from deploy.demo.school import NUMBER
from shared.attendance.calendar import SATURDAY
from shared.clock import HOME_ZONE

FAMILIES: Final = 8
"""Students with casework: enough to look at, and a few seconds."""

LEAST: Final = 10
"""Days from which on STAR asks for a meeting and a plan."""

MADE_UP: Final = "Made up for the demo."


async def keep_casework(client: Client, term: str, today: date) -> int:
    """Records it for students who have none; answers how many contacts, meetings and plans."""
    recorded = 0
    for student, record in (await _furthest(client, term)).items():
        path = f"/thresholds/v1/schools/{NUMBER}/students/{student}"
        if (await client.get(f"{path}/contacts", limit=1))["items"]:
            continue
        for place, body in _pieces(date.fromisoformat(record["crossed_on"]), record["threshold"], today):
            await client.post(f"{path}/{place}", body, twice_is_once=False)
            recorded += 1
    return recorded


async def _furthest(client: Client, term: str) -> dict[str, dict[str, Any]]:
    """Some students with an open record at ten days or more, with the highest one."""
    highest: dict[str, dict[str, Any]] = {}
    async for record in client.pages(f"/thresholds/v1/schools/{NUMBER}/star-records", term=term, status="open"):
        before = highest.get(record["student"])
        if (record["threshold"] or 0) >= LEAST and (before is None or before["threshold"] < record["threshold"]):
            highest[record["student"]] = record
    return dict(sorted(highest.items())[:FAMILIES])


def _pieces(crossed_on: date, threshold: int, today: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """A family that is not reached at first, comes to a meeting, and makes a plan; what would be tomorrow is planned, or a draft."""
    tried, rang, met = (_weekday(crossed_on + timedelta(days=days)) for days in (1, 2, 5))
    calls = (("no-answer", tried, time(9, 10)), ("reached", rang, time(12, 40)))
    for outcome, day, at in calls:
        if day < today:
            body = {"at": _at(day, at), "how": "phone", "with": "Mother", "outcome": outcome, "staff": "Dean", "note": MADE_UP}
            yield "contacts", body
    held = met < today
    meeting = {"place": "Room 4", "people": [{"name": "A caregiver", "role": "mother"}], "staff": "Dean"}
    if held:
        yield "meetings", meeting | {"at": _at(met, time(15, 30)), "status": "held", "outcome": "Somebody walks with the child on Mondays."}
    else:
        yield "meetings", meeting | {"at": _at(_weekday(today + timedelta(days=2)), time(15, 30)), "agenda": MADE_UP}
    yield "support-plans", _plan(threshold, met if held else None)


def _plan(threshold: int, agreed_on: date | None) -> dict[str, Any]:
    agency = {"text": "Help with the way to school", "who": "agency", "owner": "Attendance Service", "by": None}
    start = agreed_on or date.min
    return {
        "level": "intensive" if threshold > LEAST else "individual",
        "barriers": ["Mornings are hard since the family moved"],
        "goals": [{"text": "At school on Mondays", "baseline": "2 of 6", "target": "5 of 6"}],
        "actions": [
            {"text": "Meet at the gate on Mondays", "who": "school", "owner": "Dean", "by": str(start + timedelta(days=7)), "done_on": None}
            if agreed_on
            else {"text": "Meet at the gate on Mondays", "who": "school", "owner": "Dean"},
            {"text": "Ring before 8:30 if the child is ill", "who": "family"},
            *([agency] if threshold > LEAST else []),
        ],
        "status": "agreed" if agreed_on else "draft",
        "agreed_on": str(agreed_on) if agreed_on else None,
        "agreed_by": [{"name": "A caregiver", "role": "mother"}, {"name": "Dean", "role": "school"}] if agreed_on else [],
    }


def _at(day: date, at: time) -> str:
    return datetime.combine(day, at, ZoneInfo(HOME_ZONE)).isoformat()


def _weekday(day: date) -> date:
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day
