"""`/console/{school}/analysis`: the plots of a term, each also as a file, the students behind the patterns, the report for the board."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.console.frame.addresses import Address
from services.console.frame.files import passed_on
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import ANALYSIS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.analysis.charts import CATEGORY_WORDS, PATTERN_WORDS, Chart, Link, Lists, charts_of, figure_words, headline
from services.console.pages.analysis.trend import COLUMNS, cells_of, line_of, rows_of
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


class TrendFilters(ListFilters):
    """The newest term to show, and the part of the school."""

    term: str | None = None
    year_level: int | None = None
    group: str | None = None


class BehindFilters(ListFilters):
    """The students behind a figure."""

    term: str | None = None
    year_level: int | None = None
    group: str | None = None
    tier: list[str] = Field(default=[])
    category: list[str] = Field(default=[])
    week: int | None = None
    weekday: str | None = None


@router.get("/{school}/analysis", ANALYSIS.needs)
async def analysis(visit: VisitHere, filters: Annotated[AnalysisFilters, Query()]) -> Response:
    """All plots."""
    chosen = filters.chosen()
    part = chosen.pop("part", None)
    parts = await visit.ask(analysis=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/analysis", **chosen))
    sent = parts["analysis"]
    charts = sent.map(lambda found: charts_of(found, _lists(visit, filters)))
    if filters.format == "csv":
        return _file(visit, charts.otherwise([]), part)
    view = {
        "charts": charts,
        "headline": headline(sent.data) if sent.data else "",
        "effects": sent.data["effects"] if sent.data else None,
        "notes": sent.data["notes"] if sent.data else [],
        "filters": filters,
        "address": Address(visit.address("analysis"), chosen),
        "trend": Address(visit.address("analysis", "trend"), chosen),
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
        "analysis": _analysis(visit, chosen),
        "more": address.having(cursor=following) if following else None,
    }
    return visit.show("analysis/patterns.html", ANALYSIS, view, title="Patterns")


@router.get("/{school}/analysis/students", ANALYSIS.needs)
async def behind(visit: VisitHere, filters: Annotated[BehindFilters, Query()]) -> Response:
    """The students behind a figure, by name."""
    chosen = filters.chosen()
    path = f"/v1/schools/{visit.school}/analysis/students"
    if filters.format == "csv":
        return await passed_on(visit.apis.thresholds, path, **chosen, format="csv")
    parts = await visit.ask(behind=visit.apis.thresholds.get(path, **chosen, limit=SHOWN, cursor=filters.cursor))
    sent = parts["behind"]
    following = sent.data["next"] if sent.data else None
    address = Address(visit.address("analysis", "students"), chosen)
    view = {
        "behind": sent,
        "categories": CATEGORY_WORDS,
        "figure": figure_words(chosen, sent.data),
        "of_days": filters.week is not None or filters.weekday is not None,
        "address": address,
        "analysis": _analysis(visit, chosen),
        "more": address.having(cursor=following) if following else None,
    }
    return visit.show("analysis/behind.html", ANALYSIS, view, title="Students behind a figure")


@router.get("/{school}/analysis/trend", ANALYSIS.needs)
async def trend(visit: VisitHere, filters: Annotated[TrendFilters, Query()]) -> Response:
    """The terms one after the other, beside the plan's targets."""
    chosen = filters.chosen()
    path = f"/v1/schools/{visit.school}/analysis/trend"
    parts = await visit.ask(trend=visit.apis.thresholds.get(path, **chosen))
    sent = parts["trend"]
    terms = sent.data["terms"] if sent.data else []
    if filters.format == "csv" and sent.came:
        return csv_answer(f"terms-{visit.school}.csv", COLUMNS, cells_of(terms))
    view = {
        "trend": sent,
        "line": line_of(terms),
        "rows": rows_of(terms),
        "filters": filters,
        "address": Address(visit.address("analysis", "trend"), chosen),
        "analysis": _analysis(visit, chosen),
    }
    return visit.show("analysis/trend.html", ANALYSIS, view, title="Term by term")


@router.get("/{school}/analysis/report.pdf", ANALYSIS.needs)
async def report(visit: VisitHere, term: str | None = None) -> Response:
    """The term as a report for the board."""
    path = f"/v1/schools/{visit.school}/analysis/report"
    answer = await visit.apis.thresholds.fetch(path, patience=REPORT_PATIENCE, format="pdf", term=term)
    if answer is None or answer.status_code != HTTPStatus.OK:
        raise NotThereError
    headers = {"Content-Disposition": f'inline; filename="report-{visit.school}.pdf"', "Cache-Control": "no-store"}
    return Response(answer.content, media_type="application/pdf", headers=headers)


def _analysis(visit: Visit, chosen: Mapping[str, Any]) -> Address:
    """The analysis of the part of the school that a list is of."""
    return Address(visit.address("analysis"), {name: chosen.get(name) for name in ("term", "year_level", "group")})


def _lists(visit: Visit, filters: AnalysisFilters) -> Lists:
    """The lists that bars open, of the same part of the school."""
    about = visit.about_school.term
    of_this_term = filters.term is None or (about is not None and filters.term == about.name)
    part = {"year_level": filters.year_level, "group": filters.group}

    def here(name: str, **own: Any) -> Link:
        return lambda **chosen: Address(visit.address(name), {**part, **own, **chosen}).having() if of_this_term else None

    def within(name: str) -> Link:
        return lambda **chosen: Address(visit.address("analysis", name), {"term": filters.term, **part, **chosen}).having()

    since = {"crossed_from": about.start.isoformat()} if about is not None else {}
    return Lists(here("students"), here("records", **since), within("students"), within("patterns"))


def _file(visit: Visit, charts: list[Chart], part: str | None) -> Response:
    chart = next((chart for chart in charts if chart.name == part), None)
    if chart is None:
        raise NotThereError
    return csv_answer(f"analysis-{visit.school}-{chart.name}.csv", (chart.label.lower(), "value", "in words"), chart.cells())
