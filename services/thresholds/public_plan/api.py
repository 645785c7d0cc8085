"""The published plan for everybody: a page and a PDF, without a token. Their addresses are short, and stay the same."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from services.thresholds.analysis.analysing import summarise
from services.thresholds.analysis.gathering import gather
from services.thresholds.analysis.selection import Selected
from services.thresholds.pages import html
from services.thresholds.pages.masthead import day_in_words
from services.thresholds.pages.pdf import MEDIA_TYPE
from services.thresholds.plans import repository as plans
from services.thresholds.plans.document import document
from services.thresholds.plans.for_families import for_families
from services.thresholds.public_plan.progress import Share, progress
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State, ThresholdsState
from shared.events.calendars import calendar_of
from shared.identifiers import SchoolNumber
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.successes import sends
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["plan"])

_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {HTTPStatus.NOT_MODIFIED: {"description": "It is as the caller has it"}}
_PDF: Final = sends("The published plan as a document to print.", MEDIA_TYPE) | _UNCHANGED
_HTML: Final = sends("The published plan as a page to read.", "text/html") | _UNCHANGED
_UP: Final = "../../../.."
"""From `/v1/schools/{school}/plan/` to where the service begins, whatever lies before that."""

_FOLLOWED: Final = "The published plan, for a client that follows redirects by itself."


@router.head("/plans/{school}.pdf", include_in_schema=False)
@router.get("/plans/{school}.pdf", response_class=Response, responses=_PDF, summary="Download the published plan as a PDF, without a token")
async def get_public_plan_pdf(school: SchoolInPath, request: Request, state: State) -> Response:
    """The PDF as it was printed at publication."""
    async with state.engine.connect() as connection:
        printed = await plans.printed(connection, school)
    if printed is None:
        raise _nothing_published(school)
    # No policy here: a browser's own viewer is made of scripts and styles.
    name = f"attendance-management-plan-{school}.pdf"
    return html.public(request, printed.pdf, MEDIA_TYPE, {"Content-Disposition": disposition("inline", name)})


@router.head("/plans/{school}", include_in_schema=False)
@router.get("/plans/{school}", response_class=Response, responses=_HTML, summary="Read the published plan as a page, without a token")
async def get_public_plan(school: SchoolInPath, request: Request, state: State) -> Response:
    """The published version, in HTML without scripts, with whom to ring and the next dates of the school."""
    async with state.engine.connect() as connection:
        version = await plans.newest(connection, school, "published")
        if version is None or version.edition is None or version.published_at is None:
            raise _nothing_published(school)
        sent = await known_school(connection, school)
    calendar = calendar_of(sent)
    made = document(version.plan, version.edition, version.version, version.state)
    families = for_families(sent, version.plan.contact, calendar, calendar.today(state.clock()))
    published_on = day_in_words(version.published_at.astimezone(ZoneInfo(sent.timezone)).date())
    share = await state.regular_shares.get(school, state.clock(), lambda: _measured(state, school)) if version.plan.targets else None
    reached = progress(version.plan, share) if share else None
    # The PDF lies beside the page, whatever name the request called this host by: caches keep the page for others.
    page = html.render(
        "plan.html", made.as_data() | {"published_on": published_on, "pdf": f"{school}.pdf", "families": families, "progress": reached}
    )
    return html.public(request, page.encode(), "text/html; charset=utf-8", {"Content-Security-Policy": html.policy()})


@router.get(
    "/v1/schools/{school}/plan/page",
    response_class=RedirectResponse,
    status_code=HTTPStatus.PERMANENT_REDIRECT,
    response_description="The short address, in `Location`.",
    responses=sends(_FOLLOWED, "text/html"),
    summary="Go to the published plan's page",
)
async def go_to_public_plan(school: SchoolInPath) -> RedirectResponse:
    """Redirects to the page's own short address."""
    return RedirectResponse(f"{_UP}/plans/{school}", HTTPStatus.PERMANENT_REDIRECT)


@router.get(
    "/v1/schools/{school}/plan/plan.pdf",
    response_class=RedirectResponse,
    status_code=HTTPStatus.PERMANENT_REDIRECT,
    response_description="The short address, in `Location`.",
    responses=sends(_FOLLOWED, MEDIA_TYPE),
    summary="Go to the published plan's PDF",
)
async def go_to_public_plan_pdf(school: SchoolInPath) -> RedirectResponse:
    """Redirects to the PDF's own short address."""
    return RedirectResponse(f"{_UP}/plans/{school}.pdf", HTTPStatus.PERMANENT_REDIRECT)


async def _measured(state: ThresholdsState, school: SchoolNumber) -> Share:
    gathered = await gather(state, school, None, Selected(), state.clock(), with_effects=False)
    # Everybody reads it: what the school sees of itself, however small, is not for this page.
    question = replace(gathered.question, whole_school=False)
    summary = await asyncio.to_thread(summarise, question, gathered.half_days)
    return gathered.question.term, summary.regular_share if summary else None


def _nothing_published(school: SchoolNumber) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "no-plan", f"the school {school} has published no plan here")
