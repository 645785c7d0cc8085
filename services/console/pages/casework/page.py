"""`/console/{school}/students/{student}/...`: contacts, meetings, plans, evidence; `/console/{school}/calling`: families in a row."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.casework_words import HOWS, OUTCOMES
from services.console.frame.files import passed_on
from services.console.frame.forms import form
from services.console.frame.meanwhile import check_base, fingerprint
from services.console.frame.navigation import STUDENTS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import named
from services.console.pages.casework.forms import (
    SIDES,
    ContactForm,
    MeetingForm,
    ReplyForm,
    ReviewForm,
    SettledForm,
    SupportPlanForm,
)
from services.console.pages.casework.ringing import callees
from services.console.people.needs import MANAGERS, RESPONDERS, STAFF

router = PageRouter()

MOST: Final = 100
"""Families of one list to ring."""

BLANK: Final = 3
"""Empty rows under the goals and the actions of a form."""


@router.post("/{school}/students/{student}/contacts", RESPONDERS)
async def add_contact(visit: VisitHere, student: str, body: Annotated[ContactForm, form(ContactForm)]) -> Response:
    """Records an attempt to reach the family."""
    part = await _recorded(visit, student, body)
    undo = visit.address("students", student, "contacts", part.data["id"], "withdraw") if part.data else None
    return _left(visit, student, part, "The contact is recorded.", undo=undo)


@router.post("/{school}/students/{student}/contacts/{contact}/withdraw", RESPONDERS)
async def withdraw_contact(visit: VisitHere, student: str, contact: UUID) -> Response:
    """Takes back a contact that was recorded by mistake, with the response that it wrote."""
    part = await visit.apis.thresholds.send("DELETE", f"{visit.student_path(student)}/contacts/{contact}")
    return _left(visit, student, part, "The contact is withdrawn. It stays on file.")


@router.get("/{school}/calling", RESPONDERS)
async def calling(
    visit: VisitHere,
    student: Annotated[list[str], Query(default_factory=list, max_length=MOST)],
    record: Annotated[list[str], Query(default_factory=list, max_length=MOST)],
    staff: Annotated[str, Query(max_length=200)] = "",
    done: int = 0,
    back: str = "students",
) -> Response:
    """The first family of the list, with the numbers that may be rung; the form leads on to the next one."""
    students = await _students(visit, student, record)
    if not students:
        await visit.ask()
        return visit.show("casework/rung.html", None, {"done": done, "back": _back(back)}, title="Families to ring")
    path = visit.student_path(students[0])
    questions: dict[str, Any] = {
        "attendance": visit.apis.thresholds.get(f"{path}/attendance"),
        "contacts": visit.apis.thresholds.get(f"{path}/contacts", limit=5),
        "activities": visit.apis.thresholds.get(f"/v1/schools/{visit.school}/activities"),
    }
    if visit.person.may("manage"):
        questions["caregivers"] = visit.apis.notifier.get(f"{path}/caregivers")
    parts = await visit.ask(**questions)
    attendance = parts["attendance"]
    view = {
        "students": students,
        "about": attendance,
        "contacts": parts["contacts"],
        "family": parts["caregivers"].map(callees) if "caregivers" in parts else None,
        "activity": _talked(parts["activities"]) if _open(attendance) else None,
        "hows": HOWS,
        "outcomes": OUTCOMES,
        "staff": staff,
        "done": done,
        "back": _back(back),
    }
    name = named(attendance.data) if attendance.data else f"Student {students[0]}"
    return visit.show("casework/calling.html", None, view, title=f"Ring the family of {name}")


@router.post("/{school}/calling", RESPONDERS)
async def rang(visit: VisitHere, body: Annotated[ContactForm, form(ContactForm)], done: int = 0, skip: bool = False) -> Response:
    """Records the attempt, and leads on to the next family; one that is skipped has nothing recorded."""
    if not body.student:
        raise NotThereError
    part: Part[Any] = Part({}) if skip else await _recorded(visit, body.student[0], body)
    rest = body.student if part.failure else body.student[1:]
    query = urlencode({"student": rest, "staff": body.staff, "done": done + (not skip and part.came), "back": _back(body.back)}, doseq=True)
    note = f"Recorded: {OUTCOMES[body.outcome].lower()}." if part.came else _not_done(part)
    return visit.leave(f"{visit.address('calling')}?{query}", None if skip else note)


@router.post("/{school}/students/{student}/meetings", RESPONDERS)
async def add_meeting(visit: VisitHere, student: str, body: Annotated[MeetingForm, form(MeetingForm)]) -> Response:
    """Plans a meeting."""
    zone = (await visit.know()).zone
    part = await visit.apis.thresholds.send("POST", f"{visit.student_path(student)}/meetings", body.body(zone), once=body.once)
    return _left(visit, student, part, "The meeting is planned. Its calendar file is beside it.")


@router.post("/{school}/students/{student}/meetings/{meeting}", RESPONDERS)
async def settle_meeting(visit: VisitHere, student: str, meeting: UUID, body: Annotated[SettledForm, form(SettledForm)]) -> Response:
    """Says what became of a meeting, or moves it."""
    zone = (await visit.know()).zone
    part = await visit.apis.thresholds.send("PATCH", f"/v1/meetings/{meeting}", body.body(zone))
    done = {
        "held": "The meeting was held." + (" It is a response on the record, too." if part.data and part.data["response"] else ""),
        "missed": "The meeting was missed: that is on record.",
        "cancelled": "The meeting is cancelled. Send its calendar file again.",
        "planned": "The meeting is moved. Send its calendar file again.",
    }
    undo = None if body.status == "planned" else visit.address("students", student, "meetings", str(meeting), "plan-again")
    return _left(visit, student, part, done[body.status], undo=undo if part.came else None)


@router.post("/{school}/students/{student}/meetings/{meeting}/plan-again", RESPONDERS)
async def plan_meeting_again(visit: VisitHere, student: str, meeting: UUID) -> Response:
    """Takes back what was said of a meeting: it is planned, and a response that it wrote is taken back."""
    part = await visit.apis.thresholds.send("PATCH", f"/v1/meetings/{meeting}", {"status": "planned", "outcome": None})
    return _left(visit, student, part, "The meeting is planned again.")


@router.post("/{school}/students/{student}/replies/{reply}", RESPONDERS)
async def settle_reply(visit: VisitHere, student: str, reply: UUID, body: Annotated[ReplyForm, form(ReplyForm)]) -> Response:
    """Says that a person has seen to a family's reply, or puts it back on the list."""
    part = await visit.apis.thresholds.send("PATCH", f"/v1/replies/{reply}", {"status": body.status})
    done = "The reply is settled." if body.status == "settled" else "The reply is back on the list of work."
    return _left(visit, student, part, done)


@router.get("/{school}/students/{student}/meetings/{meeting}.ics", STAFF)
async def calendar_file(visit: VisitHere, student: str, meeting: UUID) -> Response:
    """A meeting as a calendar file."""
    return await passed_on(visit.apis.thresholds, f"/v1/meetings/{meeting}.ics")


@router.get("/{school}/students/{student}/support-plan", RESPONDERS)
async def support_plan(visit: VisitHere, student: str, plan: UUID | None = None) -> Response:
    """The form of a new support plan, or of one to change."""
    path = visit.student_path(student)
    questions: dict[str, Any] = {
        "about": visit.apis.thresholds.get(f"{path}/attendance"),
        "staff": visit.apis.thresholds.get(f"/v1/schools/{visit.school}/staff"),
    }
    if plan is not None:
        questions["plan"] = visit.apis.thresholds.get(f"/v1/support-plans/{plan}")
    parts = await visit.ask(**questions)
    if any(part.failure is not None and part.failure.why in {"absent", "refused"} for part in parts.values()):
        raise NotThereError
    changed = parts["plan"].data if plan is not None else None
    view = {
        "student": student,
        "plan": changed,
        "base_of_plan": fingerprint(SupportPlanForm.part_of(changed)) if changed else None,
        "sides": SIDES,
        "blank": BLANK,
        "staff": parts["staff"].otherwise({"items": []})["items"],
    }
    name = named(parts["about"].data) if parts["about"].data else f"Student {student}"
    return visit.show("casework/support_plan.html", STUDENTS, view, title=f"Support plan for {name}")


@router.post("/{school}/students/{student}/support-plan", RESPONDERS)
async def save_support_plan(visit: VisitHere, student: str, body: Annotated[SupportPlanForm, form(SupportPlanForm)]) -> Response:
    """Saves it: each change is a version."""
    api = visit.apis.thresholds
    if body.plan is None:
        part = await api.send("POST", f"{visit.student_path(student)}/support-plans", body.body(), once=body.once)
    else:
        path = f"/v1/support-plans/{body.plan}"
        stored = await api.get(path)
        if stored.data is None:
            return _left(visit, student, stored, "")
        check_base(body.base, SupportPlanForm.part_of(stored.data), body.chosen(), f"{visit.address('students', student)}?tab=casework")
        part = await api.send("PATCH", path, body.body())
    return _left(visit, student, part, "The support plan is saved.")


@router.post("/{school}/students/{student}/support-plan/{plan}/reviews", RESPONDERS)
async def add_review(visit: VisitHere, student: str, plan: UUID, body: Annotated[ReviewForm, form(ReviewForm)]) -> Response:
    """Records a review of a plan."""
    part = await visit.apis.thresholds.send("POST", f"/v1/support-plans/{plan}/reviews", body.body(), once=body.once)
    return _left(visit, student, part, "The review is recorded, and the next one has its day.")


@router.get("/{school}/students/{student}/support-plan/{plan}.pdf", STAFF)
async def support_plan_file(visit: VisitHere, student: str, plan: UUID) -> Response:
    """A plan as a page to sign."""
    return await passed_on(visit.apis.thresholds, f"/v1/support-plans/{plan}.pdf")


@router.get("/{school}/students/{student}/evidence.{ending}", MANAGERS)
async def evidence_file(
    visit: VisitHere, student: str, ending: Literal["pdf", "jose"], cover: Literal["case", "person"] = "case", term: str | None = None
) -> Response:
    """A term as evidence, as the API hands it out."""
    path = f"{visit.student_path(student)}/evidence.{ending}"
    return await passed_on(visit.apis.thresholds, path, cover=cover, term=term)


async def _recorded(visit: Visit, student: str, body: ContactForm) -> Part[Any]:
    school = await visit.know()
    path = f"{visit.student_path(student)}/contacts"
    return await visit.apis.thresholds.send("POST", path, body.body(school.today, school.zone), once=body.once)


async def _students(visit: Visit, students: list[str], records: list[str]) -> list[str]:
    """The students of the list, once each: those that were ticked, and those of ticked records."""
    if records:
        part = await visit.apis.thresholds.get(f"/v1/schools/{visit.school}/star-records", record=records, sort="name", limit=MOST)
        students = [*students, *(item["student"] for item in part.otherwise({"items": []})["items"])]
    return list(dict.fromkeys(students))[:MOST]


def _open(attendance: Part[Any]) -> bool:
    return any(record["status"] == "open" for record in attendance.otherwise({"star_records": []})["star_records"])


def _talked(activities: Part[Any]) -> dict[str, Any] | None:
    """The school's activity for a talk with the family."""
    listed = activities.otherwise({"items": []})["items"]
    return next((one for one in listed if one["standard"] == "conversation-with-whanau" and not one["retired"]), None)


def _left(visit: Visit, student: str, part: Part[Any], done: str, *, undo: str | None = None) -> Response:
    if part.failure is not None and part.failure.why in {"absent", "refused"}:
        raise NotThereError
    return visit.leave(f"{visit.address('students', student)}?tab=casework", done if part.came else _not_done(part), undo=undo)


def _not_done(part: Part[Any]) -> str:
    detail = part.failure.detail if part.failure is not None else ""
    return f"That was not done: {detail or 'the service does not answer now'}."


def _back(back: str) -> str:
    """A list of the same school to lead back to, and no other address."""
    return back if back.partition("?")[0] in {"students", "records", "today"} else "students"
