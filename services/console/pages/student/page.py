"""`/console/{school}/students/{student}`."""

from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.addresses import Address
from services.console.frame.forms import Form, form
from services.console.frame.letters import row_of
from services.console.frame.navigation import BASE, STUDENTS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.student.casework import casework_questions, casework_shown
from services.console.pages.student.deeds import deeds_of, looks_of
from services.console.pages.student.family import family_of
from services.console.pages.student.neighbours import listing_of, neighbours_of
from services.console.pages.student.view import student_view
from services.console.people.needs import MANAGERS, STAFF

router = PageRouter()

TabName = Literal["days", "records", "casework", "letters", "notes", "history", "looked"]
TITLES: Final[dict[TabName, str]] = {
    "days": "Days",
    "records": "Records",
    "casework": "Casework",
    "letters": "Letters",
    "notes": "Notes and holds",
    "history": "History",
    "looked": "Who looked",
}
MOST: Final = 100


class HoldForm(Form):
    """A hold on letters: of one step, or of all."""

    reason: str = Field(title="Why", min_length=3, max_length=300)
    threshold: int | None = None
    until: date | None = Field(default=None, title="Until")
    back: str | None = None


class AssignForm(Form):
    """The member of staff to whom a record belongs; without one, it is nobody's by name."""

    record: UUID
    assigned_to: str | None = Field(default=None, max_length=200)


@router.get("/{school}/students/{student}", STAFF)
async def student(
    visit: VisitHere,
    student: str,
    tab: TabName = "days",
    day: date | None = None,
    term: str | None = None,
    code: Annotated[str | None, Query(max_length=1)] = None,
    session: Literal["AM", "PM", ""] | None = None,
    back: str = "students",
    of_list: Annotated[str | None, Query(alias="list")] = None,
) -> Response:
    """The page; `day` opens a day, and with `code` it says what the total would be."""
    path = visit.student_path(student)
    questions: dict[str, Awaitable[Part[Any]]] = {"attendance": visit.apis.thresholds.get(f"{path}/attendance", term=term)}
    if tab in {"days", "letters"}:
        questions["deliveries"] = visit.apis.notifier.get(f"/v1/schools/{visit.school}/deliveries", student=student, limit=MOST)
    if tab == "letters" and visit.person.may("manage"):
        questions["caregivers"] = visit.apis.notifier.get(f"{path}/caregivers")
        questions["siblings"] = visit.apis.notifier.get(f"{path}/family")
    if tab in {"records", "casework"}:
        questions["staff"] = visit.apis.thresholds.get(f"/v1/schools/{visit.school}/staff")
    if tab == "casework":
        questions |= casework_questions(visit, path, term)
    if tab == "notes":
        questions["holds"] = visit.apis.thresholds.get(f"{path}/hold", term=term)
    if tab == "looked" and visit.person.may("admin"):
        for api in visit.apis.all():
            questions[f"looks {api.name}"] = api.get(f"/v1/schools/{visit.school}/audit", student=student, limit=MOST)
    if code and day is not None:
        asked = {"date": day.isoformat(), "session": session or None, "code": code}
        questions["what_if"] = visit.apis.thresholds.get(f"{path}/attendance/what-if", **asked)
    back = f"students?{of_list}" if of_list is not None else back
    if (listing := listing_of(back)) is not None:
        questions["listed"] = visit.apis.named(listing.service).get(f"/v1/schools/{visit.school}/{listing.path}", **listing.query)
    parts = await visit.ask(**questions)
    attendance = parts["attendance"]
    if attendance.failure is not None and attendance.failure.why in {"absent", "refused"}:
        raise NotThereError
    deliveries: Part[Any] = parts.get("deliveries") or Part({"items": []})
    view = attendance.map(lambda sent: student_view(sent, visit.about_school, day, deliveries))
    shown = {
        "view": view,
        "student": student,
        "tab": tab,
        "tabs": _tabs(visit, student, tab, back, of_list),
        "parts": parts,
        "staff": parts["staff"].otherwise({"items": []})["items"] if "staff" in parts else [],
        "letters": deliveries.map(lambda sent: [row_of(item, visit.about_school) for item in sent["items"]]),
        "family": parts["caregivers"].map(family_of) if "caregivers" in parts else None,
        "siblings": parts["siblings"].otherwise({"items": []})["items"] if "siblings" in parts else [],
        "decides": visit.person.may("manage") and visit.person.principal.part is None,
        "reads": visit.person.may("manage"),
        **(await casework_shown(visit, parts) if tab == "casework" else {}),
        "history": await _history(visit, attendance) if tab == "history" else [],
        "looks": looks_of(parts, visit.zone) if tab == "looked" else [],
        "neighbours": neighbours_of(student, parts.get("listed")),
        "list_query": of_list,
        "back": back,
        "asked": {"day": day, "code": code or "P", "session": session or ""},
    }
    name = view.data.name if view.data is not None else f"Student {student}"
    return visit.show("student/student.html", STUDENTS, shown, title=name)


@router.post("/{school}/students/{student}/hold", MANAGERS)
async def hold(visit: VisitHere, student: str, body: Annotated[HoldForm, form(HoldForm)]) -> Response:
    """Holds the student's letters."""
    asked = {"reason": body.reason, "threshold": body.threshold, "until": body.until and body.until.isoformat()}
    part = await visit.apis.thresholds.send("PUT", f"{visit.student_path(student)}/hold", asked)
    undo = f"{visit.address('students', student, 'lift')}?" + (f"threshold={body.threshold}" if body.threshold else "")
    return _left(visit, student, part, "Letters are held.", back=body.back, undo=undo)


@router.post("/{school}/students/{student}/lift", MANAGERS)
async def lift(visit: VisitHere, student: str, threshold: int | None = None, back: str | None = None) -> Response:
    """Lifts a hold: letters that are still due go."""
    path = f"{visit.student_path(student)}/hold"
    part = await visit.apis.thresholds.send("DELETE", path, threshold=threshold)
    return _left(visit, student, part, "The hold is lifted: letters that are still due go.", back=back)


@router.post("/{school}/students/{student}/assign", MANAGERS)
async def assign(visit: VisitHere, student: str, body: Annotated[AssignForm, form(AssignForm)]) -> Response:
    """Assigns a record to a member of staff, or to whoever looks after the student."""
    part = await visit.apis.thresholds.send("PATCH", f"/v1/star-records/{body.record}", {"assigned_to": body.assigned_to})
    return _left(visit, student, part, "The record is assigned.", back=None, tab="records")


def _left(
    visit: Visit, student: str, part: Part[Any], done: str, *, back: str | None, undo: str | None = None, tab: TabName = "notes"
) -> Response:
    to = f"{BASE}/{visit.school}/today" if back == "today" else f"{visit.address('students', student)}?tab={tab}"
    if part.failure is None:
        return visit.leave(to, done, undo=undo)
    if part.failure.kind == "no-hold":
        return visit.leave(to, "No such hold stands any more: letters that are still due go.")
    if part.failure.why == "absent":
        raise NotThereError
    return visit.leave(to, f"That was not done: {part.failure.detail or 'the service does not answer now'}.")


def _tabs(visit: Visit, student: str, tab: TabName, back: str, of_list: str | None) -> list[Tab]:
    address = Address(visit.address("students", student), {"back": None if back == "students" else back, "list": of_list})
    names = [name for name in TITLES if name != "looked" or visit.person.may("admin")]
    return [Tab(TITLES[name], None, address.having(tab=None if name == "days" else name), name == tab) for name in names]


async def _history(visit: Visit, attendance: Part[Any]) -> list[Any]:
    records = attendance.data["star_records"] if attendance.data else []
    questions = {record["id"]: visit.apis.thresholds.get(f"/v1/star-records/{record['id']}/history") for record in records}
    return deeds_of(records, await visit.ask(**questions), visit.zone)
