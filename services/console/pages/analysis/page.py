"""`/console/{school}/analysis`: the plots of a term, each also as a file, the students behind the patterns, the report for the board."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from services.console.frame.addresses import Address
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import ANALYSIS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.analysis.charts import PATTERN_WORDS, Chart, Link, charts_of, headline
from shared.web.spreadsheet import csv_answer

router = PageRouter()

SHOWN: Final = 100
REPORT_PATIENCE: Final = 60.0
"""Seconds; a report of a large school takes some."""


class AnalysisFilters(ListFilters):
    """The part of the school and the term to be looked at; `part` is the one plot of a file."""

    term: str | None = None
    year_level: int | None = None
    group: str | None = None
    part: str | None = None


class PatternFilters(ListFilters):
    """The students of a pattern."""

    term: str | None = None
    year_level: int | None = None
    group: str | None = None
    pattern: str | None = None


@router.get("/{school}/analysis", ANALYSIS.needs)
async def analysis(visit: VisitHere, filters: Annotated[AnalysisFilters, Query()]) -> Response:
    """All plots."""
    chosen = filters.chosen()
    part = chosen.pop("part", None)
    parts = await visit.ask(analysis=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/analysis", **chosen))
    sent = parts["analysis"]
    charts = sent.map(lambda found: charts_of(found, _lists(visit, "students", filters), _lists(visit, "records", filters)))
    if filters.format == "csv":
        return _file(visit, charts.otherwise([]), part)
    view = {
        "charts": charts,
        "headline": headline(sent.data) if sent.data else "",
        "effects": sent.data["effects"] if sent.data else None,
        "notes": sent.data["notes"] if sent.data else [],
        "filters": filters,
        "address": Address(visit.address("analysis"), chosen),
        "patterns": Address(visit.address("analysis", "patterns"), chosen),
    }
    return visit.show("analysis/analysis.html", ANALYSIS, view, block="main")


@router.get("/{school}/analysis/patterns", ANALYSIS.needs)
async def patterns(visit: VisitHere, filters: Annotated[PatternFilters, Query()]) -> Response:
    """The students whose absences have a pattern, by name."""
    chosen = filters.chosen()
    path = f"/v1/schools/{visit.school}/analysis/patterns"
    parts = await visit.ask(patterns=visit.apis.thresholds.get(path, **chosen, limit=SHOWN, cursor=filters.cursor))
    following = parts["patterns"].data["next"] if parts["patterns"].data else None
    address = Address(visit.address("analysis", "patterns"), chosen)
    view = {
        "patterns": parts["patterns"],
        "words": PATTERN_WORDS,
        "filters": filters,
        "address": address,
        "more": address.having(cursor=following) if following else None,
    }
    return visit.show("analysis/patterns.html", ANALYSIS, view, title="Patterns")


@router.get("/{school}/analysis/report.pdf", ANALYSIS.needs)
async def report(visit: VisitHere, term: str | None = None) -> Response:
    """The term as a report for the board."""
    path = f"/v1/schools/{visit.school}/analysis/report"
    answer = await visit.apis.thresholds.fetch(path, patience=REPORT_PATIENCE, format="pdf", term=term)
    if answer is None or answer.status_code != HTTPStatus.OK:
        raise NotThereError
    headers = {"Content-Disposition": f'inline; filename="report-{visit.school}.pdf"', "Cache-Control": "no-store"}
    return Response(answer.content, media_type="application/pdf", headers=headers)


def _lists(visit: Visit, name: str, filters: AnalysisFilters) -> Link:
    """The lists that bars open, of the same part of the school. They are of this term: bars of another one open none."""
    about = visit.about_school.term
    of_this_term = filters.term is None or (about is not None and filters.term == about.name)

    def address(**chosen: Any) -> str | None:
        of = {"year_level": filters.year_level, "group": filters.group, **chosen}
        if name == "records" and about is not None:
            of["crossed_from"] = about.start.isoformat()
        return Address(visit.address(name), of).having() if of_this_term else None

    return address


def _file(visit: Visit, charts: list[Chart], part: str | None) -> Response:
    chart = next((chart for chart in charts if chart.name == part), None)
    if chart is None:
        raise NotThereError
    return csv_answer(f"analysis-{visit.school}-{chart.name}.csv", (chart.label.lower(), "value", "in words"), chart.cells())
