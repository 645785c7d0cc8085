"""A school's Attendance Management Plan as staff read it: its versions, their checklists and PDFs."""

import asyncio
from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import Response

from services.thresholds.access.callers import Reader
from services.thresholds.pages.pdf import MEDIA_TYPE
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.api.common import edition_of, no_plan, plan_out, points_of, version_of
from services.thresholds.plans.checklist import in_the_way
from services.thresholds.plans.printing import plan_pdf
from services.thresholds.plans.schemas import MOST_VERSIONS, ChecklistOut, PlanOut, PointOut, VersionOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from shared.web.cursors import PageLimit, number, read_cursor
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.successes import sends
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

# The plan holds no student's data: staff who look after a part of the school work by it too.
router = Router(tags=["plan"])

VersionInPath = Annotated[int, Path(ge=1, le=MOST_VERSIONS)]


@router.get("/v1/schools/{school}/plan", summary="Show the school's Attendance Management Plan")
async def get_plan(
    school: SchoolInPath,
    request: Request,
    state: State,
    caller: Reader,
    draft: Annotated[bool, Query(description="The newest draft, though another version may be published")] = False,
) -> PlanOut:
    """The published version. If nothing is published yet, you get the newest draft."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        version = await plans.newest(connection, school, "draft" if draft else "published")
        if version is None and not draft:
            version = await plans.newest(connection, school)
    if version is None:
        raise no_plan("there is no draft" if draft else "the school has no plan yet")
    return plan_out(version, request, state)


@router.get("/v1/schools/{school}/plan/checklist", summary="Show what the plan still lacks")
async def get_plan_checklist(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    version: Annotated[int | None, Query(ge=1, le=MOST_VERSIONS, description="The newest version by default", examples=[2])] = None,
) -> ChecklistOut:
    """The points of the Ministry's guide, and whether this version meets each of them. The wording is ours."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        of_number = await version_of(connection, school, version)
        points = points_of(of_number, sent, await activities.of_school(connection, school), state)
    return ChecklistOut(
        school=school,
        version=of_number.version,
        state=of_number.state,
        complete=not in_the_way(points),
        items=[PointOut(point=point.point, asks=point.asks, met=point.met, why=point.why) for point in points],
    )


@router.get("/v1/schools/{school}/plan/versions", summary="List the plan's versions")
async def list_plan_versions(
    school: SchoolInPath, state: State, caller: Reader, limit: PageLimit = 100, cursor: str | None = None
) -> Page[VersionOut]:
    """Newest first, without their texts."""
    caller.require_school(school)
    before = read_cursor(cursor, number())
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        rows = await plans.page(connection, school, before, limit + 1)
    return page_of(rows, limit, lambda row: row["version"]).map(lambda row: VersionOut.model_validate(dict(row)))


@router.get("/v1/schools/{school}/plan/versions/{version}", summary="Show one version of the plan")
async def get_plan_version(school: SchoolInPath, version: VersionInPath, request: Request, state: State, caller: Reader) -> PlanOut:
    """The version with its texts, in any state."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        return plan_out(await version_of(connection, school, version), request, state)


@router.get(
    "/v1/schools/{school}/plan/versions/{version}/plan.pdf",
    response_class=Response,
    responses=sends("The version as a document to print.", MEDIA_TYPE),
    summary="Print one version of the plan as a PDF",
)
async def get_plan_version_pdf(school: SchoolInPath, version: VersionInPath, state: State, caller: Reader) -> Response:
    """For the board to read before it approves. A version that is not the published one says so."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        printed = await version_of(connection, school, version)
        edition = printed.edition or edition_of(sent, await activities.of_school(connection, school), printed.plan)
    pdf = await asyncio.to_thread(plan_pdf, printed.plan, edition, printed.version, printed.state, printed.saved_at)
    name = f"attendance-management-plan-{school}-{printed.version}-{printed.state}.pdf"
    return Response(pdf, media_type=MEDIA_TYPE, headers={"Content-Disposition": disposition("inline", name)})
