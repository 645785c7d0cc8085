"""Letters of which more were due in a day than may go wait here until a person has looked."""

import uuid
from typing import Annotated

from fastapi import APIRouter

from services.notifier.contacts import repository as contacts
from services.notifier.letters.releases import decide
from services.notifier.letters.repository import releases
from services.notifier.letters.repository.releases import Action
from services.notifier.letters.schemas import Chosen, Decided, Discarding, WaitingLetter, WaitingLetters
from services.notifier.state import NotifierState, State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, encode_cursor, moment, read_cursor
from shared.web.service import SchoolInPath, requires

router = APIRouter(prefix="/v1/schools/{school}/letters/waiting-release", tags=["letters that wait for a person"])

HOME = "Pacific/Auckland"


@router.get("", summary="Letters that wait until somebody releases them")
async def list_waiting(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> WaitingLetters:
    """The longest waiting first, with counts by the day on which they were due and by threshold."""
    caller.require_school(school)
    after = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        known = await contacts.school(connection, school)
        rows = await releases.page(connection, school, after=after, most=limit + 1)
        counts = await releases.counts(connection, school, known.calendar().timezone if known is not None else HOME)
        total = await releases.count(connection, school)
    last = rows[limit - 1] if len(rows) > limit else None
    return WaitingLetters.model_validate(
        {
            "items": [WaitingLetter.model_validate(row) for row in rows[:limit]],
            "next": None if last is None else encode_cursor(last["awaiting_since"].isoformat(), str(last["id"])),
            "total": total,
            "counts": counts,
        }
    )


@router.post("/release", summary="Lets letters go that waited")
async def release(
    school: SchoolInPath, body: Chosen, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> Decided:
    """They are due now, and are decided like any other letter: what was taken back meanwhile is not sent. A letter that is named and does
    not wait (any more) is passed over."""
    return await _decide(state, caller, school, "released", body, None)


@router.post("/discard", summary="Ends letters that waited")
async def discard(
    school: SchoolInPath, body: Discarding, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> Decided:
    """Nothing is sent, and what they would have told of is not told later either. The reason is kept with who gave it."""
    return await _decide(state, caller, school, "discarded", body, body.reason)


async def _decide(
    state: NotifierState, caller: Principal, school: SchoolInPath, action: Action, body: Chosen, reason: str | None
) -> Decided:
    caller.require_school(school)
    chosen = frozenset(body.letters) if body.letters is not None else None
    async with state.engine.begin() as connection:
        decided = await decide(connection, school, action, chosen, reason=reason, by=caller.subject, now=state.clock())
        return Decided(letters=decided, waiting=await releases.count(connection, school))
