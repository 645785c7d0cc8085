"""The demo's results, asked from the services: tiers, crossings, records and letters."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from deploy.demo.client import Client
from deploy.demo.school import NUMBER
from deploy.demo.waiting import until_steady

CROSSED: Final = "nz.star.threshold.crossed.v1"
RETRACTED: Final = "nz.star.threshold.retracted.v1"


WAITS: Final = ("held", "on-hold", "awaiting-release", "no-contact")
OF_EACH: Final = 2


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A letter that has not gone: about which student and threshold, why, and when it is due."""

    student: str
    threshold: int
    status: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters to caregivers by status, when the first of those held is due, and some of those that wait."""

    by_status: dict[str, int]
    first_due: datetime | None
    waiting: tuple[WaitingLetter, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The term as the services see it."""

    tiers: Counter[str]
    crossed: Counter[int]
    retracted: Counter[int]
    records: Counter[str]
    responses: int
    letters: Letters
    remarkable: str | None
    """A student whose total has gone both ways, or who is away most."""


async def outcome(client: Client, term: str) -> Outcome:
    """Asks for all of it."""
    students = [student async for student in client.pages(f"/thresholds/v1/schools/{NUMBER}/students", term=term, sort="-absent_days")]
    events = [event async for event in _events(client) if event["data"].get("term") == term]
    records = [record async for record in client.pages(f"/thresholds/v1/schools/{NUMBER}/star-records", term=term)]
    both_ways = {event["data"]["student"] for event in events if event["type"] == RETRACTED}
    counted = [student for student in students if student["absent_half_days"]]
    remarkable = next((student for student in counted if student["student"] in both_ways), counted[0] if counted else None)
    return Outcome(
        tiers=Counter(student["tier"] for student in students),
        crossed=Counter(event["data"]["threshold"] for event in events if event["type"] == CROSSED),
        retracted=Counter(event["data"]["threshold"] for event in events if event["type"] == RETRACTED),
        records=Counter(record["status"] for record in records),
        responses=sum(len(record["responses"]) for record in records),
        letters=await until_steady(lambda: letters(client, term)),
        remarkable=remarkable["student"] if remarkable else None,
    )


async def letters(client: Client, term: str) -> Letters:
    """The term's letters as they are now."""
    found = [delivery async for delivery in client.pages(f"/notifier/v1/schools/{NUMBER}/deliveries") if delivery["term"] == term]
    due = [datetime.fromisoformat(delivery["due_at"]) for delivery in found if delivery["status"] == "held"]
    waiting = [
        WaitingLetter(delivery["student"], delivery["threshold"], delivery["status"], datetime.fromisoformat(delivery["due_at"]))
        for delivery in found
        if delivery["status"] in WAITS
    ]
    some = [
        letter
        for status in WAITS
        for letter in sorted((each for each in waiting if each.status == status), key=lambda each: (each.due_at, each.student))[:OF_EACH]
    ]
    return Letters(dict(Counter(delivery["status"] for delivery in found)), min(due, default=None), tuple(some))


async def _events(client: Client) -> AsyncIterator[dict[str, Any]]:
    after = ""
    while True:
        page = await client.get("/thresholds/v1/events", after=after, limit=1_000)
        if not page["items"]:
            return
        for event in page["items"]:
            yield event
        after = page["next"]
