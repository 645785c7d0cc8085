"""The school's responses to absences, on STAR records; and the week's upload, which carries them to the Ministry."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from deploy.demo.client import Client, RefusedError
from deploy.demo.school import NUMBER
from deploy.demo.waiting import until, until_steady
from shared.attendance.calendar import SATURDAY

ACTIVITIES: Final[dict[int, tuple[str, ...]]] = {
    5: ("conversation-with-whanau",),
    10: ("meeting-with-whanau", "barriers-identified"),
    15: ("individual-support-plan-developed", "attendance-service-referral"),
}
NOTES: Final = {"meeting-with-whanau": "Made up for the demo: nobody met."}
LEFT_OPEN: Final = 3
"""One in so many records at five days has no response yet."""

ANSWERED: Final = frozenset({"accepted", "partly-accepted", "refused"})


async def respond(client: Client, term: str, today: date) -> int:
    """Records responses on most records that have none; answers how many."""
    recorded = 0
    records = [record async for record in client.pages(f"/thresholds/v1/schools/{NUMBER}/star-records", term=term, status="open")]
    for record in records:
        if record["threshold"] == 5 and UUID(record["id"]).int % LEFT_OPEN == 0:
            continue
        there = {response["activity"] for response in record["responses"]}
        for activity in ACTIVITIES.get(record["threshold"], ()):
            if activity not in there:
                await client.post(
                    f"/thresholds/v1/star-records/{record['id']}/responses",
                    {
                        "activity": activity,
                        "occurred_on": str(min(_next_weekday(date.fromisoformat(record["crossed_on"])), today)),
                        "staff": "Dean",
                        "note": NOTES.get(activity),
                    },
                    twice_is_once=False,
                )
                recorded += 1
    return recorded


async def upload(client: Client, today: date) -> dict[str, Any] | None:
    """Has the week's upload built and sent, once all of it has come there, and waits for its receipt.

    None in the holidays: a week outside a term has no upload.
    """
    path = f"/moe-sync/v1/schools/{NUMBER}/uploads"
    year, number, _ = today.isocalendar()
    week = f"{year}-W{number:02}"
    try:
        await until_steady(lambda: _preview(client, week))
        built = await client.post(path, {"week": week})
    except RefusedError as error:
        if error.status == 422:
            return None
        raise
    answered: dict[str, Any] = await until(
        lambda: client.get(f"/moe-sync/v1/uploads/{built['id']}"), lambda found: found["status"] in ANSWERED
    )
    return answered


async def _preview(client: Client, week: str) -> dict[str, Any]:
    document: dict[str, Any] = await client.get(f"/moe-sync/v1/schools/{NUMBER}/uploads/preview", week=week)
    return {name: document[name] for name in ("records", "responses")}


def _next_weekday(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() >= SATURDAY:
        following += timedelta(days=1)
    return following
