"""The line of a school's terms."""

import asyncio
from dataclasses import replace

from services.thresholds.access.callers import Reader
from services.thresholds.analysis.analysing import summarise
from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.gathering import gather
from services.thresholds.analysis.selection import Selection
from services.thresholds.plans import repository as plans
from services.thresholds.roster.lookup import calendar_for, term_for
from services.thresholds.state import State
from services.thresholds.trend.comparing import compared, newest
from services.thresholds.trend.schemas import TrendOut, TrendTermOut
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["analysis"])


@router.get("/v1/schools/{school}/analysis/trend", summary="Compare a school's terms, and see the plan's targets beside them")
async def get_analysis_trend(school: SchoolInPath, state: State, caller: Reader, selected: Selection) -> TrendOut:
    """Two years of terms up to the one asked for, each with the share of students who attend regularly, how it stands to the same term of
    the year before, and the target of the published plan. Each term's numbers are those of its analysis, and hidden as they are there: no
    student can be picked out of them."""
    caller.require_school(school)
    now = state.clock()
    async with state.engine.connect() as connection:
        calendar = await calendar_for(connection, school)
        version = await plans.newest(connection, school, "published")
    summaries = {}
    for one in newest(calendar.terms, term_for(calendar, selected.term, now)):
        gathered = await gather(state, school, caller.part, replace(selected, term=one.name), now, with_effects=False)
        summary = await asyncio.to_thread(summarise, gathered.question, gathered.half_days)
        if summary is not None:
            summaries[one] = summary
    terms = [TrendTermOut.of(found) for found in compared(summaries, version.plan if version else None)]
    return TrendOut(school=school, as_of=now, year_level=selected.year_level, group=selected.group, fewest_students=FEWEST, terms=terms)
