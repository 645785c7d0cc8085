"""The Ministry's pages, from what the services answered. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.console.asking.part import Part
from services.console.frame import words
from services.console.pages.ministry.words import ADAPTER, CHANGE, FIELD, UPLOAD, reason, record, response, value, week_in_words

COLUMNS: Final = ("week", "closes", "built", "sent", "number", "status", "records", "responses", "rejected", "receipt")

Records = Mapping[str, dict[str, Any]]
"""The STAR records that the person sees, by id: a student's name and number."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in a week's row."""

    id: str
    number: int
    state: str
    sent_at: str | None = None
    items: int | None = None
    rejected: int = 0
    receipt: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A week: when it closes, when it was built, and its uploads, newest first."""

    name: str
    title: str
    closes: str | None
    built: str | None
    problem: str | None
    uploads: list[Upload] = field(default_factory=list)


def weeks_of(windows: Part[Any], uploads: Part[Any], *, first_page: bool) -> Part[list[WeekRow]]:
    """The weeks, newest first. A week that was sent by hand before its window was planned stands with the first page."""
    if windows.data is None:
        return Part(failure=windows.failure)
    sent: dict[str, list[Upload]] = {}
    for one in uploads.data["items"] if uploads.data else []:
        sent.setdefault(one["week"], []).append(_upload(one))
    rows = {one["week"]: _week(one, sent.get(one["week"])) for one in windows.data["items"]}
    last = min(rows) if rows and windows.data["next"] else ""
    if first_page:
        rows |= {
            name: WeekRow(name, week_in_words(name), None, None, None, own)
            for name, own in sent.items()
            if name not in rows and name > last
        }
    return Part([rows[name] for name in sorted(rows, reverse=True)])


def _week(window: dict[str, Any], sent: list[Upload] | None) -> WeekRow:
    if not sent and window["upload"] is not None:
        sent = [Upload(window["upload"], window["number"], UPLOAD[window["status"]])]
    return WeekRow(window["week"], week_in_words(window["week"]), window["due_at"], window["done_at"], window["problem"], sent or [])


def _upload(one: dict[str, Any]) -> Upload:
    counts = one["counts"]
    return Upload(
        id=one["id"],
        number=one["number"],
        state=UPLOAD[one["status"]],
        sent_at=one["sent_at"],
        items=counts["records"] + counts["responses"],
        rejected=one["rejected"],
        receipt=one["receipt"],
        reason=reason(one["reason"]),
    )


def next_in_words(settings: Part[Any], zone: ZoneInfo) -> str:
    """The next close in a sentence: "The next week closes Fri 20 Nov 18:00, and goes by SFTP."."""
    if settings.data is None:
        return "When the next week closes can't be told now."
    closes, adapter = settings.data["next_close"], settings.data["effective_adapter"]
    way = f"goes {ADAPTER[adapter]}" if adapter else "has no way to the Ministry yet"
    return f"The next week closes {words.moment(closes, zone)} and {way}." if closes else f"No week of a term is ahead; what is sent {way}."


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A record or response of an upload, in words."""

    student: str | None
    name: str
    what: str
    change: str
    differences: list[str] = field(default_factory=list)
    reject: str | None = None


def preview_items(document: dict[str, Any], records: Records, labels: dict[str, str]) -> list[ItemRow]:
    """The items of a document that would go, by student."""
    sent = {one["id"]: one for one in document["records"]}
    rows = [ItemRow(*_student(one["id"], records, one), record(one), CHANGE[one["change"]]) for one in document["records"]]
    rows += [
        ItemRow(*_student(one["record_id"], records, sent.get(one["record_id"])), response(one, labels), CHANGE[one["change"]])
        for one in document["responses"]
    ]
    return sorted(rows, key=lambda row: row.name)


def difference_items(differences: Iterable[dict[str, Any]], records: Records, labels: dict[str, str]) -> list[ItemRow]:
    """The items of an upload beside what the Ministry had."""
    return [
        ItemRow(
            *_student(one["record"], records, one["after"]),
            record(one["after"]) if one["kind"] == "record" else response(one["after"], labels),
            CHANGE[one["change"]],
            [
                f"{FIELD[name]}: {value(name, one['before'].get(name), labels)} → {value(name, one['after'][name], labels)}"
                for name in one["fields"]
                if name in FIELD and one["before"] is not None
            ],
            one["reject"],
        )
        for one in differences
    ]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that the Ministry did not take."""

    student: str | None
    name: str
    what: str
    why: str
    week: str
    upload: str | None


def rejected_items(items: Iterable[dict[str, Any]], records: Records) -> list[Rejected]:
    """The items whose last version was rejected, in words."""
    return [
        Rejected(
            *_student(one["record"], records, None),
            _what(one, records.get(one["record"])),
            one["reject"] or "no reason was given",
            week_in_words(one["week"]) if one["week"] else "–",
            one["upload"],
        )
        for one in items
    ]


def _what(one: dict[str, Any], known: dict[str, Any] | None) -> str:
    if one["kind"] == "response":
        answered = next((given for given in known["responses"] if given["id"] == one["id"]), None) if known else None
        return f"{answered['label']} on {words.day(answered['occurred_on'])}" if answered else "A response"
    if known is None:
        return "A record"
    return f"Record of {words.days(known['threshold'])}" if known["threshold"] else "Record made by hand"


def _student(record_id: str, records: Records, sent: dict[str, Any] | None) -> tuple[str | None, str]:
    """A student's number and name: as the person sees them, else as they were sent."""
    known = records.get(record_id)
    if known is not None:
        return known["student"], words.named(known)
    number = sent.get("student") if sent is not None else None
    return number, f"Student {number}" if number else "A student"
