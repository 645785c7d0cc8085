"""`/console/{school}/data-quality`: what is missing or doubtful, by kind, and the connection to KAMAR."""

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.console.asking.names import students_named
from services.console.frame.addresses import Address
from services.console.frame.files import passed_on
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import DATA_QUALITY
from services.console.frame.router import PageRouter
from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.data_quality.kinds import kind_of
from services.console.pages.data_quality.view import issue_rows, kinds_of, push_rows, refusal_rows, sentence
from services.console.people.needs import IMPORTERS, SCHOOL_SETUP, SETTINGS_ADMINS, Needs

router = PageRouter()

SHOWN: Final = 100
PUSHES: Final = 20

TABS: Final[dict[str, tuple[str, Needs]]] = {
    "": ("Missing or doubtful", DATA_QUALITY.needs),
    "import": ("Import a file", IMPORTERS),
    "kamar": ("KAMAR", SCHOOL_SETUP),
}


class IssueFilters(ListFilters):
    """The kind and the term of the list."""

    issue: str | None = Field(default=None, max_length=40)
    term: str | None = None


def tabs_of(visit: Visit, current: str) -> list[Tab]:
    """The tabs that the person may see."""
    names = [name for name, (_, needs) in TABS.items() if visit.may(needs)]
    return [Tab(TABS[name][0], None, visit.address("data-quality", *([name] if name else [])), name == current) for name in names]


@router.get("/{school}/data-quality", DATA_QUALITY.needs)
async def data_quality(visit: VisitHere, filters: Annotated[IssueFilters, Query()]) -> Response:
    """The report: all kinds with what to do, or the issues of one."""
    path, api = f"/v1/schools/{visit.school}/data-quality", visit.apis.thresholds
    asked = {"issue": filters.issue, "term": filters.term}
    if filters.format == "csv":
        return await passed_on(api, path, **asked, format="csv")
    parts = await visit.ask(report=api.get(path, **asked, limit=SHOWN if filters.issue else 1, cursor=filters.cursor))
    report = parts["report"]
    items = report.data["items"] if report.data and filters.issue else []
    names = await students_named(api, visit.school, {one["student"] for one in items if one["student"]})
    address = Address(visit.address("data-quality"), filters.chosen())
    following = report.data["next"] if report.data and filters.issue else None
    return visit.show(
        "data_quality/report.html",
        DATA_QUALITY,
        title=kind_of(filters.issue).title if filters.issue else "Data",
        tabs=tabs_of(visit, ""),
        report=report,
        sentence=report.map(lambda sent: sentence(sent["counts"])),
        kinds=report.map(lambda sent: kinds_of(sent["counts"])),
        kind=kind_of(filters.issue) if filters.issue else None,
        rows=issue_rows(items, names),
        filters=filters,
        address=address,
        terms=[term for term in visit.about_school.terms if term.start <= visit.about_school.today],
        goes_on=filters.cursor is not None,
        more=address.having(cursor=following) if following else None,
        csv=address.having(format="csv"),
        may_see=[name for name, (_, needs) in TABS.items() if visit.may(needs)],
        may_set=visit.may(SCHOOL_SETUP),
    )


@router.get("/{school}/data-quality/kamar", SCHOOL_SETUP)
async def kamar(visit: VisitHere, cursor: str | None = None) -> Response:
    """KAMAR's last pushes, what waits, and what was refused."""
    base, ingest = f"/v1/schools/{visit.school}", visit.apis.ingest
    questions: dict[str, Any] = {
        "pushes": ingest.get(f"{base}/kamar-documents", limit=PUSHES),
        "held": ingest.get(f"{base}/held-changes", status="held", limit=PUSHES),
        "refusals": ingest.get(f"{base}/refusals", limit=SHOWN, cursor=cursor),
    }
    if visit.may(SETTINGS_ADMINS):
        questions["credentials"] = ingest.get(f"{base}/kamar-credentials")
    parts = await visit.ask(**questions)
    refusals = parts["refusals"]
    students = {one["student"] for one in (refusals.data["items"] if refusals.data else []) if one["student"]}
    names = await students_named(visit.apis.thresholds, visit.school, students)
    following = refusals.data["next"] if refusals.data else None
    return visit.show(
        "data_quality/kamar.html",
        DATA_QUALITY,
        title="The KAMAR connection",
        tabs=tabs_of(visit, "kamar"),
        pushes=parts["pushes"].map(lambda sent: push_rows(sent["items"])),
        held=parts["held"].map(lambda sent: len(sent["items"])),
        refusals=refusals.map(lambda sent: refusal_rows(sent["items"], names)),
        credentials=parts.get("credentials"),
        more=Address(visit.address("data-quality", "kamar"), {}).having(cursor=following) if following else None,
    )
