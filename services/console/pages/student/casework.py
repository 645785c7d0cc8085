"""The casework of a student, for the tab: the questions, and what its template shows."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final

from services.console.asking.part import Part
from services.console.frame.casework_words import HOWS, ITEMS, OUTCOMES, REPLIES, SOURCES
from services.console.frame.visit import Visit

MOST: Final = 100


def casework_questions(visit: Visit, path: str, term: str | None) -> dict[str, Awaitable[Part[Any]]]:
    """The questions behind the tab; `path` is the student's in the APIs."""
    api = visit.apis.thresholds
    return {
        "contacts": api.get(f"{path}/contacts", limit=MOST),
        "meetings": api.get(f"{path}/meetings", limit=MOST),
        "plans": api.get(f"{path}/support-plans", limit=MOST),
        "replies": api.get(f"{path}/replies", limit=MOST),
        "evidence": api.get(f"{path}/evidence", term=term),
        "activities": api.get(f"/v1/schools/{visit.school}/activities"),
    }


async def casework_shown(visit: Visit, parts: Mapping[str, Part[Any]]) -> dict[str, Any]:
    """The words of the tab, the activity for a talk with the family, and the absences beside the plans that stand."""
    listed = parts["activities"].otherwise({"items": []})["items"]
    talked = next((one for one in listed if one["standard"] == "conversation-with-whanau" and not one["retired"]), None)
    agreed = [plan["id"] for plan in parts["plans"].otherwise({"items": []})["items"] if plan["status"] == "agreed"]
    replies = parts["replies"].otherwise({"items": []})["items"]
    keys = sorted({reply["student"] for reply in replies if reply["has_words"]})
    asked = {plan: visit.apis.thresholds.get(f"/v1/support-plans/{plan}") for plan in agreed}
    if keys:
        asked["words"] = visit.apis.notifier.get(f"/v1/schools/{visit.school}/replies", student=keys, limit=MOST)
    came = await visit.ask(**asked)
    plans = {plan: came[plan] for plan in agreed}
    words = came["words"] if keys else None
    return {
        "reply_words": REPLIES,
        "reply_texts": {one["id"]: one["words"] for one in words.otherwise({"items": []})["items"]} if words is not None else {},
        "contact_words": {"hows": HOWS, "outcomes": OUTCOMES, "activity": talked},
        "evidence_words": {"items": ITEMS, "sources": SOURCES},
        "effects": {name: part.data["effect"] for name, part in plans.items() if part.data is not None and name in agreed},
    }
