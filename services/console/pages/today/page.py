"""`/console/{school}/today`."""

from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from services.console.frame.navigation import TODAY
from services.console.frame.rendering import is_fragment
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.today.view import school_day_before, today_view

router = PageRouter()

MOST: Final = 200
"""Steps of a day, and letters beside them."""

SHOWN: Final = 50
"""Rows of a list of what waits: the worst ones. The rest is a click away."""

NAMED: Final = 100
"""Students of whom the reason behind most of their days is asked for."""


@router.get("/{school}/today", TODAY.needs)
async def today(visit: VisitHere, day: date | None = None, mine: bool = False) -> Response:
    """The person's own students who need something; `day` is a day of the term. `mine`: of the work that waits, what is theirs."""
    school = await visit.know()
    on = min(day or school.today, school.today)
    since = school_day_before(on)
    base, thresholds = f"/v1/schools/{visit.school}", visit.apis.thresholds
    questions = {
        "crossed": thresholds.get(f"{base}/star-records", crossed_from=since, crossed_to=on, sort="-crossed_on", limit=MOST),
        "causes": thresholds.get(f"{base}/students", crossed_from=since, crossed_to=on, sort="student", limit=NAMED),
    }
    if on == school.today:
        questions |= {
            "work": thresholds.get(f"{base}/work", most=SHOWN, holder=visit.person.principal.subject if mine else None),
            "near": thresholds.get(f"{base}/students", near_days=1, sort="-absent_days", limit=SHOWN),
        }
        questions["deliveries"] = visit.apis.notifier.get(f"{base}/deliveries", limit=MOST)
        if visit.person.principal.part is None:
            if is_fragment(visit.request):
                questions["letters"] = visit.apis.notifier.get(f"{base}/letters/waiting-release", numbers=True)
            if visit.person.may("manage"):
                questions["addresses"] = visit.apis.notifier.get(f"{base}/bad-addresses", limit=MOST)
    parts = await visit.ask(**questions)
    if visit.letters is not None:
        # The navigation has asked for them.
        parts["letters"] = visit.letters
    view = today_view(parts, school, on, since, visit.summary)
    neighbours = {"before": school_day_before(on), "after": _after(on) if on < school.today else None}
    return visit.show("today/today.html", TODAY, neighbours, view=view, mine=mine)


def _after(on: date) -> date:
    following = on + timedelta(days=1)
    return following + timedelta(days=7 - following.weekday()) if following.weekday() > 4 else following
