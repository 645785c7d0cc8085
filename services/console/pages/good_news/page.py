"""`/console/{school}/good-news`: the list, and the certificates to print."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.files import passed_on
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import STUDENTS
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.frame.words import count
from services.console.people.needs import STAFF
from shared.identifiers import is_term_name

router = PageRouter()


class NewsFilters(ListFilters):
    """The filters of the page."""

    term: str | None = None
    year_level: int | None = None
    group: str | None = None

    def asked(self) -> dict[str, object]:
        """The filters as the API takes them; what can be no term is left out."""
        chosen = self.chosen()
        return chosen if self.term is None or is_term_name(self.term) else chosen | {"term": None}


@router.get("/{school}/good-news", STAFF)
async def good_news(visit: VisitHere, filters: Annotated[NewsFilters, Query()]) -> Response:
    """Students without an absence, and students who are back on track."""
    parts = await visit.ask(news=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/good-news", **filters.asked()))
    news = parts["news"]
    view = {
        "filters": filters,
        "news": news,
        "sentence": _sentence(news),
        "full_term": news.map(lambda sent: _of(sent, "full-term")),
        "back": news.map(lambda sent: _of(sent, "back-on-track")),
    }
    return visit.show("good_news/good_news.html", STUDENTS, view, title="Good news")


@router.get("/{school}/good-news/certificates.pdf", STAFF)
async def certificates(visit: VisitHere, filters: Annotated[NewsFilters, Query()]) -> Response:
    """The certificates of the students of the list."""
    return await passed_on(visit.apis.thresholds, f"/v1/schools/{visit.school}/good-news/certificates.pdf", **filters.asked())


def _of(sent: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in sent["items"] if item["news"] == kind]


def _sentence(news: Part[Any]) -> str:
    full, back = (len(_of(news.data, kind)) if news.data else 0 for kind in ("full-term", "back-on-track"))
    return f"{count(full, 'student')} without an absence; {back} back on track after a step."
