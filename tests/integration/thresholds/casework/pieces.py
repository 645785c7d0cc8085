"""Bodies of contacts, meetings and support plans, and where they are posted."""

from typing import Any, Final

OF_STUDENT: Final = "/v1/schools/0999/students/1"
CONTACTS: Final = f"{OF_STUDENT}/contacts"
MEETINGS: Final = f"{OF_STUDENT}/meetings"
PLANS: Final = f"{OF_STUDENT}/support-plans"


def rang(**changes: Any) -> dict[str, Any]:
    """A telephone call that nobody answered."""
    body = {"at": "2026-11-19T10:15:00+13:00", "how": "phone", "with": "mother", "outcome": "no-answer", "staff": "Ms Example"}
    return body | {"note": None} | changes


def meets(**changes: Any) -> dict[str, Any]:
    """A meeting that is planned."""
    body = {"at": "2026-11-24T15:30:00+13:00", "place": "Room 4", "people": [{"name": "Mere Example", "email": "mere@example.test"}]}
    return body | {"agenda": "Mondays", "outcome": None, "status": "planned"} | changes


def plans(**changes: Any) -> dict[str, Any]:
    """A plan that nobody has agreed to."""
    return {
        "barriers": ["the bus is late"],
        "goals": [{"text": "at school on Mondays", "baseline": "2 of 6", "target": "5 of 6", "by": "2026-12-11"}],
        "actions": [{"text": "ask about the bus", "who": "school", "by": "2026-11-23", "done_on": None}],
        "review_every_days": 14,
        "next_review": None,
        "status": "draft",
    } | changes
