"""The lists of Today, from what the services answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.console.asking.part import Part
from services.console.frame import words
from services.console.frame.chrome import School
from services.console.frame.letters import short

SATURDAY: Final = 5
OF_RECORDS: Final = frozenset({"overdue", "due", "unanswered"})

Rows = Part[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class TodayView:
    """The lists of a day. Those of what waits are there for today only."""

    day: date
    is_today: bool
    sentence: str
    new: Rows
    came_back: Rows
    due: Rows | None = None
    waiting: Rows | None = None
    near: Rows | None = None
    letters: int = 0
    unanswered: int = 0
    near_a_step: int = 0
    is_clear: bool = False
    has_holders: bool = False


def school_day_before(day: date) -> date:
    """The last weekday before a day."""
    before = day - timedelta(days=1)
    return before - timedelta(days=before.weekday() - 4) if before.weekday() >= SATURDAY else before


def today_view(parts: Mapping[str, Part[Any]], school: School, on: date, since: date, summary: Part[Any]) -> TodayView:
    """The page of a day; `since` is the school day before it. The lists have the worst rows, and `summary` says how many there are."""
    letters = _letters(parts.get("deliveries"), school.zone)
    causes = _causes(parts.get("causes"))
    crossed = parts["crossed"].map(lambda sent: [_row(record, letters, causes) for record in sent["items"]])
    new = crossed.map(lambda rows: [row for row in rows if row["status"] != "withdrawn"])
    came_back = crossed.map(lambda rows: [row for row in rows if row["status"] == "withdrawn"])
    sentence = _sentence(new, came_back, since)
    if on != school.today:
        return TodayView(on, False, sentence, new, came_back)
    work = parts["work"].map(lambda sent: sent["items"])
    due = work.map(lambda items: [item for item in items if item["kind"] in OF_RECORDS])
    waiting = work.map(lambda items: [item for item in items if item["kind"] not in OF_RECORDS] + _addresses(parts.get("addresses")))
    has_holders = any(item.get("holder") for item in work.otherwise([]))
    near = parts["near"].map(lambda sent: [_near(student, on) for student in sent["items"]])
    waits = parts["letters"].data["total"] if "letters" in parts and parts["letters"].data else 0
    lists = (new, due, waiting, near)
    is_clear = waits == 0 and all(part.came and not part.data for part in lists)
    counted = summary.data or {"records": {"unanswered": 0}, "near": 0}
    unanswered = max(counted["records"]["unanswered"], len(due.otherwise([])))
    near_a_step = max(counted["near"], len(near.otherwise([])))
    return TodayView(on, True, sentence, new, came_back, due, waiting, near, waits, unanswered, near_a_step, is_clear, has_holders)


def _sentence(new: Rows, came_back: Rows, since: date) -> str:
    if not new.came:
        return "The steps of the day can't be reached now."
    reached = len({row["student"] for row in new.otherwise([])})
    back = len({row["student"] for row in came_back.otherwise([])})
    first = (
        f"{words.count(reached, 'student')} reached a step since {words.day(since)}"
        if reached
        else f"Nobody reached a step since {words.day(since)}"
    )
    return f"{first}; {back} came back below." if back else f"{first}."


def _row(record: dict[str, Any], letters: Mapping[tuple[str, int], str], causes: Mapping[str, str]) -> dict[str, Any]:
    letter = letters.get((record["student"], record["threshold"] or 0))
    return {**record, "letter": letter, "mostly": causes.get(record["student"])}


def _causes(students: Part[Any] | None) -> dict[str, str]:
    """The reason behind most of each student's days, in words."""
    items = students.data["items"] if students is not None and students.data else []
    return {item["student"]: item["mostly"]["meaning"] for item in items if item["mostly"]}


def _near(student: dict[str, Any], on: date) -> dict[str, Any]:
    last = student["last_days"][-1] if student["last_days"] else None
    away = last is not None and last["date"] == on.isoformat() and "absent" in (last["am"]["state"], last["pm"]["state"])
    return {**student, "away_today": away}


def _letters(deliveries: Part[Any] | None, zone: ZoneInfo) -> dict[tuple[str, int], str]:
    """The newest letter of a student and step in words."""
    found: dict[tuple[str, int], str] = {}
    for delivery in deliveries.data["items"] if deliveries is not None and deliveries.data else []:
        found.setdefault((delivery["student"], delivery["threshold"]), short(delivery, zone))
    return found


def _addresses(bad: Part[Any] | None) -> list[dict[str, Any]]:
    """Families whose letters came back, with the people to ring."""
    return [
        {"kind": "address", "student": owner["student"], "sentence": _came_back(address, owner)}
        for address in (bad.data["items"] if bad is not None and bad.data else [])
        for owner in address["students"]
    ]


def _came_back(address: Mapping[str, Any], owner: Mapping[str, Any]) -> str:
    whom = " or ".join(owner["caregivers"]) or "the family"
    return f"Letters about {owner['name']} to {address['address']} came back: ring {whom}, and correct the address in the school's system."
