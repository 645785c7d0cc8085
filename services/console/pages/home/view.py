"""Several schools in one view: each in numbers, and all of the page together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.asking.part import Part
from services.console.frame.addresses import Address
from services.console.frame.navigation import BASE

TIERS: Final = ("green", "yellow", "orange", "red")

UPLOADS: Final = {
    "pending": "waits to be sent",
    "sending": "being sent",
    "accepted": "accepted",
    "partly-accepted": "accepted in part",
    "refused": "refused",
}


@dataclass(frozen=True)
class SchoolRow:
    """A school in numbers. A number that has not come, or is not known yet, is None."""

    number: str
    name: str
    term: str | None
    students: int | None
    tiers: list[tuple[str, int]]
    overdue: int | None
    open: int | None
    letters: Mapping[str, int] | None
    issues: int | None
    upload: str | None
    upload_fails: bool


@dataclass(frozen=True)
class SchoolsView:
    """A page of schools; `totals` are those of the page's schools by name."""

    rows: list[SchoolRow]
    totals: Mapping[str, int]
    more: str | None


def schools_view(page: Mapping[str, Any], beside: Mapping[str, Part[Any]], region: str) -> SchoolsView:
    """The rows in the order of the schools' numbers. A service that is away leaves its columns empty."""
    letters, uploads = (_by_school(beside.get(name)) for name in ("letters", "uploads"))
    rows = [_row(one, letters.get(one["school"]), uploads.get(one["school"])) for one in page["items"]]
    totals = {
        "students": sum(row.students or 0 for row in rows),
        "overdue": sum(row.overdue or 0 for row in rows),
        "held_back": sum(row.letters["held_back"] for row in rows if row.letters),
        "came_back": sum(row.letters["came_back"] for row in rows if row.letters),
        "issues": sum(row.issues or 0 for row in rows),
        "uploads": sum(row.upload_fails for row in rows),
    }
    more = str(Address(f"{BASE}/", {"region": region, "cursor": page["next"]})) if page["next"] else None
    return SchoolsView(rows, totals, more)


def _by_school(part: Part[Any] | None) -> dict[str, Any]:
    return {} if part is None else {one["school"]: one for one in part.otherwise({"items": []})["items"]}


def _row(one: Mapping[str, Any], letters: Mapping[str, int] | None, upload: Mapping[str, Any] | None) -> SchoolRow:
    summary = one["summary"]
    fails = upload is not None and (
        upload["status"] == "refused" or (upload["status"] in {"pending", "sending"} and bool(upload["reason"]))
    )
    return SchoolRow(
        number=one["school"],
        name=one["name"],
        term=summary and summary["term"],
        students=summary and summary["students"],
        tiers=[(tier, summary["tiers"][tier]) for tier in TIERS] if summary else [],
        overdue=summary and summary["records"]["overdue"],
        open=summary and summary["records"]["open"],
        letters=letters,
        issues=summary and summary["issues"],
        upload=_upload(upload),
        upload_fails=fails,
    )


def _upload(upload: Mapping[str, Any] | None) -> str | None:
    if upload is None:
        return None
    if upload["status"] is None:
        return "none yet"
    return f"{upload['week']}: {UPLOADS[upload['status']]}"
