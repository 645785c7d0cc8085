"""The schools of a caller, and one of them."""

from datetime import datetime

from services.thresholds.access.callers import Reader
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.schools.schemas import SchoolOut, TermOut
from services.thresholds.state import State
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.web.cursors import PageLimit, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["schools"])


@router.get("/v1/schools", summary="List your schools")
async def list_schools(state: State, caller: Reader, limit: PageLimit = 100, cursor: str | None = None) -> Page[SchoolOut]:
    """The schools that the token holds for and that have been sent, by number."""
    after = read_cursor(cursor, str)
    own = None if caller.schools is None else sorted(caller.schools)
    async with state.engine.connect() as connection:
        sent = await schools.page(connection, own, after, limit + 1)
    return page_of(sent, limit, lambda school: school.school).map(lambda school: _school(school, state.clock()))


@router.get(
    "/v1/schools/{school}",
    summary="Show a school's name, clock and terms",
    response_description="The school: its name, its terms, and the day on its own clock.",
)
async def get_school_overview(school: SchoolInPath, state: State, caller: Reader) -> SchoolOut:
    """The facts that a screen shows beside a school's data."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        return _school(await known_school(connection, school), state.clock())


def _school(sent: SchoolUpdated, now: datetime) -> SchoolOut:
    calendar = calendar_of(sent)
    today = calendar.today(now)
    current = calendar.current_or_last_term(today)
    terms = [TermOut(term=term.name, start=term.start, end=term.end) for term in calendar.terms]
    term = None if current is None else TermOut(term=current.name, start=current.start, end=current.end)
    return SchoolOut(school=sent.school, name=sent.name, timezone=calendar.timezone, today=today, term=term, terms=terms)
