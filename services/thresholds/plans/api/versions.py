"""A school's Attendance Management Plan: drafts, the checklist, publication, and what staff see of its versions."""

import asyncio
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access import audit
from services.thresholds.access.audit import Access
from services.thresholds.pages.pdf import MEDIA_TYPE, UnprintableError
from services.thresholds.plans import repository as plans
from services.thresholds.plans import task as plan_reviews
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import Activity
from services.thresholds.plans.checklist import Point, checklist, in_the_way
from services.thresholds.plans.plan import Edition, Plan
from services.thresholds.plans.printing import plan_pdf
from services.thresholds.plans.repository import Version
from services.thresholds.plans.schemas import (
    MOST_VERSIONS,
    ChecklistOut,
    PlanIn,
    PlanOut,
    PointOut,
    PublishIn,
    VersionOut,
    VersionPage,
    plan_values,
)
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.state import State, ThresholdsState
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.events.catalogue import PLAN_PUBLISHED
from shared.events.data import PlanPublished, SchoolUpdated
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber, plan_event_id
from shared.outbox import repository as outbox
from shared.web.cursors import PageLimit, encode_cursor, number, read_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["plan"])

# The plan holds no student's data: whoever looks after a part of the school works by it too.
Reader = Annotated[Principal, requires("star:read", by_group=True)]
Writer = Annotated[Principal, requires("star:write", role="admin")]
Number = Annotated[int, Path(ge=1, le=MOST_VERSIONS)]


@router.get("/v1/schools/{school}/plan", summary="The school's Attendance Management Plan")
async def get_plan(
    school: SchoolInPath,
    request: Request,
    state: State,
    caller: Reader,
    draft: Annotated[bool, Query(description="The newest draft, though another version may be published")] = False,
) -> PlanOut:
    """The published version; where nothing is published yet, the newest draft."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        found = await plans.newest(connection, school, "draft" if draft else "published")
        if found is None and not draft:
            found = await plans.newest(connection, school)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-plan", "there is no draft" if draft else "the school has no plan yet")
    return _shown(found, request, state)


@router.put("/v1/schools/{school}/plan", summary="Save a draft of the plan")
async def put_plan(school: SchoolInPath, body: PlanIn, request: Request, state: State, caller: Writer) -> PlanOut:
    """Keeps the plan as a new version, a draft; what is published stays as it is. The same text again makes no further version."""
    caller.require_school(school)
    plan = body.plan()
    await _printable(plan, state)
    async with state.engine.begin() as connection:
        await schools.lock(connection, [school])
        await known_school(connection, school)
        _known_actions(plan, await activities.of_school(connection, school))
        found = await plans.newest(connection, school)
        if found is None or found.state != "draft" or found.plan != plan:
            before = found.plan if found is not None else PlanIn().plan()
            found = await plans.add(connection, school, plan, by=caller.subject, now=state.clock())
            access = Access(action="change-plan", school=school, fields=_changed(before, plan), filters={"version": found.version})
            await audit.note(connection, caller, access, state.clock())
    return _shown(found, request, state)


@router.get("/v1/schools/{school}/plan/checklist", summary="What the plan still lacks")
async def get_checklist(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    version: Annotated[int | None, Query(ge=1, le=MOST_VERSIONS, description="The newest version by default", examples=[2])] = None,
) -> ChecklistOut:
    """What the Ministry's guide asks of a plan, point by point, and whether this version meets it. The wording is ours."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        found = await _version(connection, school, version)
        points = _points(found, sent, await activities.of_school(connection, school), state)
    return ChecklistOut(
        school=school,
        version=found.version,
        state=found.state,
        complete=not in_the_way(points),
        items=[PointOut(point=point.point, asks=point.asks, met=point.met, why=point.why) for point in points],
    )


@router.get("/v1/schools/{school}/plan/versions", summary="The plan's versions")
async def list_versions(
    school: SchoolInPath, state: State, caller: Reader, limit: PageLimit = 100, cursor: str | None = None
) -> VersionPage:
    """Newest first, without their texts."""
    caller.require_school(school)
    before = read_cursor(cursor, number())
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        found = await plans.page(connection, school, before, limit + 1)
    items = [VersionOut.model_validate(dict(row)) for row in found[:limit]]
    return VersionPage(items=items, next=encode_cursor(str(items[-1].version)) if len(found) > limit else None)


@router.get("/v1/schools/{school}/plan/versions/{version}", summary="One version of the plan")
async def get_version(school: SchoolInPath, version: Number, request: Request, state: State, caller: Reader) -> PlanOut:
    """The version with its texts, whatever its state."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        return _shown(await _version(connection, school, version), request, state)


@router.get(
    "/v1/schools/{school}/plan/versions/{version}/plan.pdf",
    response_class=Response,
    responses={HTTPStatus.OK: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
    summary="One version of the plan as a PDF",
)
async def get_version_pdf(school: SchoolInPath, version: Number, state: State, caller: Reader) -> Response:
    """For the board to read before it approves: a version that is not the published one says so."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        found = await _version(connection, school, version)
        edition = found.edition or _edition(sent, await activities.of_school(connection, school), found.plan)
    pdf = await asyncio.to_thread(plan_pdf, found.plan, edition, found.version, found.state, found.saved_at)
    name = f"attendance-management-plan-{school}-{found.version}-{found.state}.pdf"
    return Response(pdf, media_type=MEDIA_TYPE, headers={"Content-Disposition": f'inline; filename="{name}"'})


@router.post("/v1/schools/{school}/plan/publish", summary="Publish a draft of the plan")
async def publish_plan(school: SchoolInPath, request: Request, state: State, caller: Writer, body: PublishIn | None = None) -> PlanOut:
    """Puts the draft where everybody can read it, in the place of the version before. Refused with what the checklist still misses."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await schools.lock(connection, [school])
        sent = await known_school(connection, school)
        wanted = await _to_publish(connection, school, body.version if body is not None else None)
        if wanted.state == "draft":
            now = state.clock()
            own = await activities.of_school(connection, school)
            _refuse_incomplete(_points(wanted, sent, own, state))
            before = await plans.newest(connection, school, "published")
            edition = _edition(sent, own, wanted.plan)
            # A few hundredths of a second, once in years, while nothing else of this school moves: what is printed is what is kept.
            pdf = await asyncio.to_thread(plan_pdf, wanted.plan, edition, wanted.version, "published", now)
            published = await plans.publish(connection, school, wanted.version, edition, pdf, by=caller.subject, now=now)
            assert published is not None, "the school is locked, and this was a draft"
            if before is not None:
                await plan_reviews.cancel(connection, before, now)
            await plan_reviews.schedule(connection, published, calendar_of(sent), state.settings.plan_review_notice, now)
            await outbox.add(connection, [_said(published).encode()])
            await audit.note(connection, caller, Access(action="publish-plan", school=school, filters={"version": published.version}), now)
            wanted = published
    return _shown(wanted, request, state)


def _links(request: Request, state: ThresholdsState, school: str) -> tuple[str, str]:
    """Where everybody can read a school's published plan: the page, and the PDF."""
    base = state.settings.public_url.rstrip("/")
    if not base:
        base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return f"{base}/plans/{school}", f"{base}/plans/{school}.pdf"


def _shown(found: Version, request: Request, state: ThresholdsState) -> PlanOut:
    page, pdf = _links(request, state, found.school) if found.state == "published" else (None, None)
    return PlanOut(
        school=found.school,
        version=found.version,
        state=found.state,
        saved_at=found.saved_at,
        saved_by=found.saved_by,
        published_at=found.published_at,
        published_by=found.published_by,
        superseded_at=found.superseded_at,
        page=page,
        pdf=pdf,
        **plan_values(found.plan),
    )


async def _version(connection: AsyncConnection, school: SchoolNumber, number: int | None) -> Version:
    found = await (plans.newest(connection, school) if number is None else plans.get(connection, school, number))
    if found is None:
        detail = "the school has no plan yet" if number is None else "the school's plan has no such version"
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-plan", detail)
    return found


async def _to_publish(connection: AsyncConnection, school: SchoolNumber, number: int | None) -> Version:
    found = await (plans.newest(connection, school, "draft") if number is None else plans.get(connection, school, number))
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-plan", "there is no such draft to publish")
    if found.state == "superseded":
        raise ProblemError(HTTPStatus.CONFLICT, "superseded-plan", "a later version has been published: save this one again as a draft")
    return found


async def _printable(plan: Plan, state: ThresholdsState) -> None:
    edition = Edition(school_name="", labels={})
    try:
        await asyncio.to_thread(plan_pdf, plan, edition, 1, "draft", state.clock())
    except UnprintableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unprintable-text", str(error)) from error


def _known_actions(plan: Plan, own: list[Activity]) -> None:
    known = {activity.activity for activity in own}
    errors = [
        {"at": f"body.thresholds.{step}.actions.{place}", "why": "not among the school's activities"}
        for step, approach in plan.thresholds.items()
        for place, key in enumerate(approach.actions)
        if key not in known
    ]
    if errors:
        detail = "actions are keys of the school's own list: GET /v1/schools/{school}/activities"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-activity", detail, extra={"errors": errors})


def _points(found: Version, sent: SchoolUpdated, own: list[Activity], state: ThresholdsState) -> tuple[Point, ...]:
    usable = {activity.activity for activity in own if not activity.retired}
    return checklist(found.plan, found.state, usable, _today(sent, state))


def _refuse_incomplete(points: tuple[Point, ...]) -> None:
    missing = in_the_way(points)
    if missing:
        errors = [{"at": point.point, "why": f"{point.asks}: {point.why}"} for point in missing]
        detail = f"{len(missing)} of the checklist's points are not met"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "incomplete-plan", detail, extra={"errors": errors})


def _edition(sent: SchoolUpdated, own: list[Activity], plan: Plan) -> Edition:
    named = plan.actions()
    return Edition(school_name=sent.name, labels={activity.activity: activity.label for activity in own if activity.activity in named})


def _said(published: Version) -> Event:
    plan, at = published.plan, published.published_at
    assert plan.effective_on is not None and plan.review_on is not None and at is not None
    data = PlanPublished(
        school=published.school, version=published.version, effective_on=plan.effective_on, review_on=plan.review_on, published_at=at
    )
    identity = str(plan_event_id(published.school, published.version))
    return Event(PLAN_PUBLISHED, identity, "/thresholds", at, published.school, data)


def _changed(before: Plan, after: Plan) -> list[str]:
    was: Mapping[str, object] = plan_values(before)
    return [name for name, value in plan_values(after).items() if value != was[name]]


def _today(sent: SchoolUpdated, state: ThresholdsState) -> date:
    return calendar_of(sent).today(state.clock())
