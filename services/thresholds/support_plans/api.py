"""Support plans of students: listed, made, changed, reviewed, and as a page to sign."""

import asyncio
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader, Responder
from services.thresholds.casework import repository as casework
from services.thresholds.casework.listing import ListOfStudent, read_page
from services.thresholds.casework.piece import Piece, changed_fields
from services.thresholds.casework.posting import id_for, posted_before
from services.thresholds.casework.reading import read_piece
from services.thresholds.casework.refusing import refusals
from services.thresholds.casework.responding import respond_with
from services.thresholds.casework.schemas import CaseworkVersionOut
from services.thresholds.casework.showing import versions_out
from services.thresholds.casework.student import Child, child_of, counted_as, ids_of, permitted_piece, term_on
from services.thresholds.pages.pdf import MEDIA_TYPE, UnprintableError
from services.thresholds.records.responses.schemas import ResponseIn
from services.thresholds.roster.lookup import calendar_for, known_school
from services.thresholds.roster.repository import schools, students
from services.thresholds.staff.accounts import require_accounts
from services.thresholds.state import State, ThresholdsState
from services.thresholds.support_plans.printing import support_plan_pdf
from services.thresholds.support_plans.schemas import SupportPlanOut
from services.thresholds.support_plans.showing import effect_of, plan_of, plan_out
from services.thresholds.support_plans.support_plan import (
    KeptPlan,
    ReviewIn,
    SupportPlan,
    SupportPlanPatch,
    changed,
    is_same,
    review_of,
    reviewed,
    settled,
    waits_from,
)
from shared.audit.log import Access, Action, log_access
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.identifiers import sent_id, student_id
from shared.moments import repository as moments
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["casework"])

PLANS = "/v1/schools/{school}/students/{student}/support-plans"
PLAN = "/v1/support-plans/{plan_id}"


@router.get(PLANS, summary="List a student's support plans")
async def list_support_plans(wanted: ListOfStudent, state: State, caller: Reader) -> Page[SupportPlanOut]:
    """The newest first, drafts and ended ones included, of all keys that the student has had."""
    async with state.engine.begin() as connection:
        page = await read_page(connection, state, caller, "support-plan", "read-support-plans", wanted)
        today = (await calendar_for(connection, wanted.school)).today(state.clock())
    return page.map(lambda piece: plan_out(piece, today))


@router.post(
    PLANS,
    status_code=HTTPStatus.CREATED,
    summary="Make a support plan for a student",
    responses=refuses("key-used", "bad-field", "nothing-planned", "unknown-account"),
)
async def add_support_plan(
    school: SchoolInPath, student: str, body: SupportPlan, state: State, caller: Responder, key: IdempotencyKey = None
) -> SupportPlanOut:
    """A draft, until it is agreed: with the family, and by whom else the plan says. An agreed one is due for review in a fortnight."""
    async with state.engine.begin() as connection:
        child = await child_of(connection, caller, school, student)
        sent = await known_school(connection, school)
        require_accounts(sent, _accounts(body))
        calendar = calendar_of(sent)
        await schools.lock(connection, [school])
        now = await moments.next_of(connection, school, state.clock())
        today = calendar.today(now)
        with refusals():
            plan = settled(KeptPlan(**dict(body)), today)
        piece = Piece(
            id=id_for(child, "support-plan", key),
            kind="support-plan",
            school=school,
            student=student,
            student_id=child.identity,
            term=term_on(calendar, today),
            at=now,
            status=plan.status,
            due_on=waits_from(plan),
            document=plan.model_dump(mode="json"),
            version=1,
            record_id=None,
            response_id=None,
            made_by=caller.subject,
            made_at=now,
            updated_at=now,
        )
        if (before := await posted_before(connection, "support-plan", piece.id, piece.document)) is not None:
            piece = before
        else:
            await casework.add(connection, piece)
            fields = body.model_dump(exclude_unset=True).keys()
            access = Access(action="make-support-plan", school=school, students=[student], fields=fields)
            await log_access(connection, caller, access, now)
        return await _shown(connection, piece, state)


@router.get(
    PLAN + ".pdf",
    response_class=Response,
    responses=sends("The support plan as a document to sign.", MEDIA_TYPE),
    summary="Print a support plan as a page to sign",
)
async def get_support_plan_pdf(plan_id: UUID, state: State, caller: Reader) -> Response:
    """With lines for the family, the student and the school to sign on. It fits on one page unless the plan is long."""
    async with state.engine.begin() as connection:
        piece = await read_piece(connection, state, caller, "support-plan", plan_id, "read-support-plans", {"print": True})
        school = await known_school(connection, piece.school)
        counted = await counted_as(connection, piece.school, piece.student)
        person = await students.get(connection, student_id(piece.school, counted))
    try:
        pdf = await asyncio.to_thread(
            support_plan_pdf, plan_of(piece.document), piece.version, school.name, person, piece.student, piece.updated_at
        )
    except UnprintableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unprintable", str(error)) from error
    headers = {"Content-Disposition": disposition("inline", f"support-plan-{plan_id}.pdf"), "Cache-Control": "no-store"}
    return Response(pdf, media_type=MEDIA_TYPE, headers=headers)


@router.get(PLAN, summary="Show a support plan")
async def get_support_plan(plan_id: UUID, state: State, caller: Reader) -> SupportPlanOut:
    """The plan as it stands, with the student's absences before and since it was agreed."""
    async with state.engine.begin() as connection:
        piece = await read_piece(connection, state, caller, "support-plan", plan_id, "read-support-plans")
        return await _shown(connection, piece, state)


@router.get(PLAN + "/versions", summary="List every version of a support plan")
async def list_support_plan_versions(plan_id: UUID, state: State, caller: Reader) -> Page[CaseworkVersionOut]:
    """Oldest first: what was agreed when, and who wrote it down."""
    async with state.engine.begin() as connection:
        await read_piece(connection, state, caller, "support-plan", plan_id, "read-support-plans")
        versions = await casework.versions(connection, plan_id)
    return Page(items=versions_out(versions))


@router.patch(
    PLAN,
    summary="Change a support plan, agree to it, or end it",
    responses=refuses("bad-field", "nothing-planned", "unknown-account"),
)
async def update_support_plan(plan_id: UUID, body: SupportPlanPatch, state: State, caller: Responder) -> SupportPlanOut:
    """Each change is a new version. An agreed plan has the day that it was agreed on, by default today, and a next review."""
    async with state.engine.begin() as connection:
        piece = await permitted_piece(connection, caller, "support-plan", plan_id, lock=True)
        now = await moments.next_of(connection, piece.school, state.clock())
        sent = await known_school(connection, piece.school)
        require_accounts(sent, _accounts(body))
        today = calendar_of(sent).today(now)
        with refusals():
            plan = changed(plan_of(piece.document), body, today)
        piece = await _saved(connection, piece, plan, caller, "change-support-plan", now)
        return await _shown(connection, piece, state)


@router.post(
    PLAN + "/reviews",
    status_code=HTTPStatus.CREATED,
    summary="Record a review of a support plan",
    response_description="The support plan, with the review.",
    responses=refuses("no-open-record", "key-used", "not-agreed", "future-date"),
)
async def add_support_plan_review(
    plan_id: UUID, body: ReviewIn, state: State, caller: Responder, key: IdempotencyKey = None
) -> SupportPlanOut:
    """The next review is due so many days later. With `activity`, it is also recorded as a response on the highest open record."""
    async with state.engine.begin() as connection:
        piece = await permitted_piece(connection, caller, "support-plan", plan_id, lock=True)
        now = await moments.next_of(connection, piece.school, state.clock())
        today = (await calendar_for(connection, piece.school)).today(now)
        review_id = uuid4() if key is None else sent_id("review", plan_id, key)
        if (before := review_of(plan_of(piece.document), review_id)) is not None:
            if not is_same(before, body):
                raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another review of this plan")
            return await _shown(connection, piece, state)
        with refusals():
            plan = reviewed(plan_of(piece.document), body, review_id, today)
        if body.activity is not None:
            counted = await counted_as(connection, piece.school, piece.student)
            child = Child(piece.school, counted, None, await ids_of(connection, piece.school, counted))
            response = ResponseIn(activity=body.activity, occurred_on=body.on, staff=body.staff, note=body.note)
            await respond_with(connection, child, response, caller.subject, today, now)
        piece = await _saved(connection, piece, plan, caller, "review-support-plan", now)
        return await _shown(connection, piece, state)


def _accounts(plan: SupportPlan | SupportPlanPatch) -> list[str | None]:
    return [plan.assigned_to, *(action.assigned_to for action in plan.actions or [])]


async def _saved(connection: AsyncConnection, piece: Piece, plan: KeptPlan, caller: Principal, action: Action, now: datetime) -> Piece:
    """The next version of a piece, where the plan has changed; the change is in the log."""
    document = plan.model_dump(mode="json")
    fields = changed_fields(piece.document, document)
    if fields:
        calendar = await calendar_for(connection, piece.school)
        piece = replace(
            piece,
            term=term_on(calendar, calendar.today(now)),
            status=plan.status,
            due_on=waits_from(plan),
            document=document,
            version=piece.version + 1,
            updated_at=now,
        )
        await casework.change(connection, piece, caller.subject)
    access = Access(action=action, school=piece.school, students=[piece.student], fields=fields)
    await log_access(connection, caller, access, now)
    return piece


async def _shown(connection: AsyncConnection, piece: Piece, state: ThresholdsState) -> SupportPlanOut:
    school = await known_school(connection, piece.school)
    beside = await effect_of(connection, piece, school, state.codes, state.clock())
    return plan_out(piece, calendar_of(school).today(state.clock()), beside)
