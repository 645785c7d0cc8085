"""Words for uploads: states, changes, and the fields of what was sent. Pure."""

from datetime import date, timedelta
from typing import Any, Final

from services.console.frame import words

UPLOAD: Final = {
    "pending": "Waits to be sent",
    "sending": "Being sent",
    "accepted": "Accepted",
    "partly-accepted": "Accepted in part",
    "refused": "Refused",
}
WEEK: Final = r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$"
CHANGE: Final = {"new": "New", "amended": "Changed", "withdrawn": "Taken back"}
ADAPTER: Final = {"https": "over the Ministry's web service", "sftp": "by SFTP", "folder": "by hand, carried by a person"}
OUTCOME: Final = {"done": "Answered", "retry": "Failed, to be tried again", "failed": "Failed"}
FIELD: Final = {
    "threshold": "step",
    "days_absent": "days away",
    "crossed_on": "reached on",
    "status": "state",
    "sequence": "times reached",
    "activity": "what was done",
    "occurred_on": "done on",
    "withdrawn": "taken back",
}
"""The fields whose change means something to staff."""


def monday(week: str) -> date:
    """The first day of a week: 16 November 2026 for `2026-W47`."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def reason(sent: str | None) -> str | None:
    """The last thing that went wrong, in words for the school: what only the operator can set is theirs to do."""
    if sent and "STAR_" in sent:
        return "the way to the Ministry is not set up yet, which the operator does"
    return sent


def week_of(day: date) -> str:
    """The name of a day's week: `2026-W47`."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def week_in_words(name: str) -> str:
    """A week in words: "16 to 20 Nov"."""
    first = monday(name)
    last = first + timedelta(days=4)
    month = f" {words.MONTHS[first.month - 1]}" if first.month != last.month else ""
    return f"{first.day}{month} to {last.day} {words.MONTHS[last.month - 1]}"


def record(item: dict[str, Any]) -> str:
    """A record as it is sent: "5 days, reached Fri 16 Oct: open at 5.5 days"."""
    step = words.days(item["threshold"]) if item["threshold"] else "A record made by hand"
    state = words.status(item["status"]).lower()
    return f"{step}, reached {words.day(item['crossed_on'])}: {state}, {words.days(item['days_absent'])} away"


def response(item: dict[str, Any], labels: dict[str, str]) -> str:
    """A response as it is sent: "Conversation with whānau on Thu 19 Nov"."""
    return f"{activity(item['activity'], labels)} on {words.day(item['occurred_on'])}"


def activity_labels(sent: dict[str, Any] | None) -> dict[str, str]:
    """The school's own words by activity, and by the standard one that each stands for."""
    items = sent["items"] if sent else []
    return {one["standard"]: one["label"] for one in items} | {one["activity"]: one["label"] for one in items}


def activity(name: str, labels: dict[str, str]) -> str:
    """An activity as the school's list names it."""
    return labels.get(name) or name.replace("-", " ").capitalize()


def value(name: str, sent: Any, labels: dict[str, str]) -> str:
    """One field's value in words."""
    if sent is None:
        return "none"
    if name in {"crossed_on", "occurred_on"}:
        return words.day(sent)
    if name in {"threshold", "days_absent"}:
        return words.days(sent)
    if name == "status":
        return words.status(sent).lower()
    if name == "activity":
        return activity(sent, labels)
    return {True: "yes", False: "no"}[sent] if isinstance(sent, bool) else str(sent)
