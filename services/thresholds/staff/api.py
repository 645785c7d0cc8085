"""The people of a school to whom work may be assigned."""

from services.thresholds.access.callers import Reader
from services.thresholds.roster.lookup import known_school
from services.thresholds.staff.holding import is_away
from services.thresholds.staff.schemas import StaffMemberOut
from services.thresholds.state import State
from shared.events.calendars import calendar_of
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import SchoolInPath

router = Router(tags=["work"])


@router.get("/v1/schools/{school}/staff", summary="List the staff to whom work may be assigned")
async def list_staff(school: SchoolInPath, state: State, caller: Reader) -> Page[StaffMemberOut]:
    """As the school's settings have them (`staff` of the school at ingest), in their order."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
    today = calendar_of(sent).today(state.clock())
    people = sent.staff.people if sent.staff is not None else []
    items = [
        StaffMemberOut(
            account=member.account,
            name=member.name,
            role=member.role,
            groups=member.groups,
            away=is_away(member, today),
            away_from=member.away_from,
            away_until=member.away_until,
            stand_in=member.stand_in,
        )
        for member in people
    ]
    return Page(items=items)
