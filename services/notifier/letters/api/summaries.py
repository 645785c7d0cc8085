"""The letters of several schools in numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import Query

from services.notifier.delivery.deliveries.repository import listing
from services.notifier.delivery.deliveries.schemas import STATUSES_OF
from services.notifier.letters.schemas.waiting import SchoolLetters
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.web.door import Router, known_school_number
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.service import requires

MOST_SCHOOLS: Final = 100

router = Router(tags=["letters that wait for a person"])


@router.get("/v1/letters/summaries", summary="Count the letters of your schools", responses=refuses("unknown-school"))
async def list_letter_summaries(
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    school: Annotated[list[str], Query(min_length=1, max_length=MOST_SCHOOLS, description="School numbers; those of others are left out")],
) -> Page[SchoolLetters]:
    """Letters of all terms, about the students whom the caller may see; in the order of the schools' numbers."""
    named = sorted({number for number in map(known_school_number, school) if caller.may_see(number)})
    async with state.engine.connect() as connection:
        items = [_letters(number, await listing.numbers(connection, number, term=None, part=caller.part)) for number in named]
    return Page(items=items, next=None)


def _letters(school: str, rows: Sequence[Mapping[str, Any]]) -> SchoolLetters:
    by_status: Counter[str] = Counter()
    for row in rows:
        by_status[row["status"]] += row["letters"]
    sums = {group.replace("-", "_"): sum(by_status[status] for status in statuses) for group, statuses in STATUSES_OF.items()}
    return SchoolLetters(school=school, held_back=by_status["awaiting-release"] + by_status["no-contact"], **sums)
