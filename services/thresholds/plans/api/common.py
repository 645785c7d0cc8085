"""Shared by the endpoints of the plan: finding a version, checking it, and showing it."""

from dataclasses import fields
from http import HTTPStatus

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities.activity import Activity
from services.thresholds.plans.checklist import Point, checklist
from services.thresholds.plans.plan import Edition, Plan
from services.thresholds.plans.repository import PlanVersion
from services.thresholds.plans.schemas import PlanOut
from services.thresholds.state import ThresholdsState
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


def no_plan(detail: str) -> ProblemError:
    """The refusal where there is no such plan."""
    return ProblemError(HTTPStatus.NOT_FOUND, "no-plan", detail)


async def version_of(connection: AsyncConnection, school: SchoolNumber, number: int | None) -> PlanVersion:
    """The version of that number; without one, the newest. Raises ProblemError 404."""
    version = await (plans.newest(connection, school) if number is None else plans.get(connection, school, number))
    if version is None:
        raise no_plan("the school has no plan yet" if number is None else "the school's plan has no such version")
    return version


def points_of(version: PlanVersion, school: SchoolUpdated, own: list[Activity], state: ThresholdsState) -> tuple[Point, ...]:
    """The checklist of a version, by the school's own activities."""
    usable = {activity.activity for activity in own if not activity.retired}
    return checklist(version.plan, version.state, usable, calendar_of(school).today(state.clock()))


def edition_of(school: SchoolUpdated, own: list[Activity], plan: Plan) -> Edition:
    """The names that the plan would be printed with today."""
    named = [activity for activity in own if activity.activity in plan.actions()]
    return Edition(
        school_name=school.name,
        labels={activity.activity: activity.label for activity in named},
        standards={activity.activity: activity.standard for activity in named},
    )


def plan_out(version: PlanVersion, request: Request, state: ThresholdsState) -> PlanOut:
    """A version as the API shows it."""
    page, pdf = _public_addresses(request, state, version.school) if version.state == "published" else (None, None)
    return PlanOut(
        school=version.school,
        version=version.version,
        state=version.state,
        saved_at=version.saved_at,
        saved_by=version.saved_by,
        published_at=version.published_at,
        published_by=version.published_by,
        superseded_at=version.superseded_at,
        page=page,
        pdf=pdf,
        **{field.name: getattr(version.plan, field.name) for field in fields(Plan)},
    )


def _public_addresses(request: Request, state: ThresholdsState, school: str) -> tuple[str, str]:
    """The addresses of a school's published plan: the page, and the PDF."""
    base = state.settings.public_url.rstrip("/")
    if not base:
        base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return f"{base}/plans/{school}", f"{base}/plans/{school}.pdf"
