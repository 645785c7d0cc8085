"""Drafts of a school's plan, and their publication."""

import asyncio
from dataclasses import fields
from http import HTTPStatus

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Admin
from services.thresholds.pages.pdf import UnprintableError
from services.thresholds.plans import repository as plans
from services.thresholds.plans import task as plan_reviews
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import Activity
from services.thresholds.plans.activities.offering import STEP_OF
from services.thresholds.plans.api.common import edition_of, no_plan, plan_out, points_of
from services.thresholds.plans.checklist import Point, in_the_way
from services.thresholds.plans.plan import Edition, Plan
from services.thresholds.plans.printing import plan_pdf
from services.thresholds.plans.repository import PlanVersion
from services.thresholds.plans.schemas import PlanIn, PlanOut, PublishIn
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.state import State, ThresholdsState
from shared.audit.log import Access, log_access
from shared.events.calendars import calendar_of
from shared.events.catalogue import PLAN_PUBLISHED
from shared.events.data import PlanPublished
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber, plan_event_id
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["plan"])


@router.put("/v1/schools/{school}/plan", summary="Save a draft of the plan")
async def put_plan(school: SchoolInPath, body: PlanIn, request: Request, state: State, caller: Admin) -> PlanOut:
    """Keeps the plan as a new version, a draft; the published version stays. The same text again makes no further version."""
    caller.require_school(school)
    plan = body.plan()
    await _require_printable(plan, state)
    async with state.engine.begin() as connection:
        await schools.lock(connection, [school])
        await known_school(connection, school)
        _require_known_actions(plan, await activities.of_school(connection, school))
        version = await plans.newest(connection, school)
        if version is None or version.state != "draft" or version.plan != plan:
            before = version.plan if version is not None else PlanIn().plan()
            version = await plans.add(connection, school, plan, by=caller.subject, now=state.clock())
            access = Access(action="change-plan", school=school, fields=_changed(before, plan), filters={"version": version.version})
            await log_access(connection, caller, access, state.clock())
    return plan_out(version, request, state)


@router.post(
    "/v1/schools/{school}/plan/publish",
    summary="Publish a draft of the plan",
    responses=refuses("no-plan", "superseded-plan", "incomplete-plan", "unknown-activity"),
)
async def publish_plan(school: SchoolInPath, request: Request, state: State, caller: Admin, body: PublishIn | None = None) -> PlanOut:
    """Everybody can read the draft from then on, in place of the version before. It is refused while the checklist misses a point."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await schools.lock(connection, [school])
        sent = await known_school(connection, school)
        version = await _to_publish(connection, school, body.version if body is not None else None)
        if version.state == "draft":
            now = state.clock()
            own = await activities.of_school(connection, school)
            _require_complete(points_of(version, sent, own, state))
            before = await plans.newest(connection, school, "published")
            edition = edition_of(sent, own, version.plan)
            # A few hundredths of a second, once in years, while nothing else of this school moves: the PDF that is kept is the one printed.
            pdf = await asyncio.to_thread(plan_pdf, version.plan, edition, version.version, "published", now)
            published = await plans.publish(connection, school, version.version, edition, pdf, by=caller.subject, now=now)
            assert published is not None, "the school is locked, and this was a draft"
            if before is not None:
                await plan_reviews.cancel(connection, before, now)
            await plan_reviews.schedule(connection, published, calendar_of(sent), state.settings.plan_review_notice, now)
            await outbox.add(connection, [_published_event(published).encode()])
            access = Access(action="publish-plan", school=school, filters={"version": published.version})
            await log_access(connection, caller, access, now)
            version = published
    return plan_out(version, request, state)


async def _to_publish(connection: AsyncConnection, school: SchoolNumber, number: int | None) -> PlanVersion:
    version = await (plans.newest(connection, school, "draft") if number is None else plans.get(connection, school, number))
    if version is None:
        raise no_plan("there is no such draft to publish")
    if version.state == "superseded":
        raise ProblemError(HTTPStatus.CONFLICT, "superseded-plan", "a later version has been published: save this one again as a draft")
    return version


async def _require_printable(plan: Plan, state: ThresholdsState) -> None:
    edition = Edition(school_name="", labels={})
    try:
        await asyncio.to_thread(plan_pdf, plan, edition, 1, "draft", state.clock())
    except UnprintableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unprintable-text", str(error)) from error


def _require_known_actions(plan: Plan, own: list[Activity]) -> None:
    keys = {activity.activity for activity in own}
    errors = [
        {"at": f"body.thresholds.{step}.actions.{place}", "why": "not among the school's activities"}
        for step, approach in plan.thresholds.items()
        for place, key in enumerate(approach.actions)
        if key not in keys
    ]
    if errors:
        detail = "actions are keys of the school's own list: GET /v1/schools/{school}/activities"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-activity", detail, extra={"errors": errors})


def _require_complete(points: tuple[Point, ...]) -> None:
    missing = in_the_way(points)
    if missing:
        errors = [{"at": point.point, "why": f"{point.asks}: {point.why}"} for point in missing]
        detail = f"{len(missing)} of the checklist's points are not met"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "incomplete-plan", detail, extra={"errors": errors})


def _published_event(version: PlanVersion) -> Event:
    plan, at = version.plan, version.published_at
    assert plan.effective_on is not None and plan.review_on is not None and at is not None
    standards = version.edition.standards if version.edition is not None else {}
    data = PlanPublished(
        school=version.school,
        version=version.version,
        effective_on=plan.effective_on,
        review_on=plan.review_on,
        published_at=at,
        activities={
            str(threshold): list(dict.fromkeys(standards.get(key, key) for key in plan.at(step).actions))
            for threshold, step in STEP_OF.items()
        },
    )
    identity = str(plan_event_id(version.school, version.version))
    return Event(PLAN_PUBLISHED, identity, "/thresholds", at, version.school, data)


def _changed(before: Plan, after: Plan) -> list[str]:
    return [field.name for field in fields(Plan) if getattr(before, field.name) != getattr(after, field.name)]
