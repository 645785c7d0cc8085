"""The report of a term for the board: the analysis as a page or a PDF, with plots."""

import asyncio
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import Query
from fastapi.responses import Response

from services.thresholds.access.callers import Reader
from services.thresholds.analysis.api import Accept, analysed
from services.thresholds.analysis.findings import Analysis
from services.thresholds.analysis.selection import Selection
from services.thresholds.pages import html
from services.thresholds.pages.pdf import MEDIA_TYPE
from services.thresholds.reports.document import About, document
from services.thresholds.reports.printing import report_html, report_pdf
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.successes import sends
from shared.web.service import SchoolInPath

Format = Literal["html", "pdf"]

router = Router(tags=["analysis"])


@router.get(
    "/v1/schools/{school}/analysis/report",
    response_class=Response,
    responses=sends("The report, as a page to read or a document to print.", "text/html", MEDIA_TYPE),
    summary="Print a school's term as a report for the board",
)
async def get_analysis_report(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    selected: Selection,
    format: Annotated[Format | None, Query(description="`html` by default; `pdf` is also what `Accept: application/pdf` gets")] = None,
    accept: Accept = None,
) -> Response:
    """The numbers of the analysis, with plots and in words. No student can be picked out of it. The audit log keeps your request."""
    caller.require_school(school)
    now = state.clock()
    sent, question, analysis = await analysed(state, caller, school, selected, now)
    about = About(
        school=sent.name,
        term=question.term.name,
        starts_on=question.term.start,
        ends_on=question.term.end,
        as_of=now,
        timezone=ZoneInfo(sent.timezone),
        whole_school=question.whole_school,
        year_level=selected.year_level,
        group=selected.group,
    )
    kind: Format = format or ("pdf" if _prefers_pdf(accept) else "html")
    content = await asyncio.to_thread(_made, analysis, about, kind)
    filters = {"term": question.term.name, "year_level": selected.year_level, "group": selected.group, "report": kind}
    async with state.engine.begin() as connection:
        await log_access(connection, caller, Access(action="read-analysis", school=school, filters=filters), now)
    headers = {
        "Content-Disposition": disposition("inline", f"attendance-report-{school}-{question.term.name}.{kind}"),
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    if kind == "pdf":
        # No policy here: a browser's own viewer is made of scripts and styles.
        return Response(content, media_type=MEDIA_TYPE, headers=headers)
    return Response(content, media_type="text/html; charset=utf-8", headers=headers | {"Content-Security-Policy": html.policy()})


def _made(analysis: Analysis, about: About, kind: Format) -> bytes:
    made = document(analysis, about)
    return report_pdf(made, about.as_of) if kind == "pdf" else report_html(made).encode()


def _prefers_pdf(accept: str | None) -> bool:
    # A browser asks for pages, and takes anything else besides.
    return MEDIA_TYPE in (accept or "") and "text/html" not in (accept or "")
