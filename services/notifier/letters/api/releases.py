"""Letters that wait for a person, because more were due on one day than may go: they are released or discarded here."""

import uuid
from typing import Annotated

from fastapi import Query

from services.notifier.contacts.repository import contacts
from services.notifier.delivery.deliveries.repository import listing
from services.notifier.letters.releases import decide_release
from services.notifier.letters.repository import releases
from services.notifier.letters.repository.releases import ReleaseAction
from services.notifier.letters.schemas.releases import (
    ChosenLetters,
    DecidedLetters,
    DiscardedLetters,
    WaitingCount,
    WaitingLetter,
    WaitingLetters,
)
from services.notifier.state import NotifierState, State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.clock import HOME_ZONE
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.pages import page_of
from shared.web.service import SchoolInPath, requires

router = Router(prefix="/v1/schools/{school}/letters/waiting-release", tags=["letters that wait for a person"])


@router.get("", summary="Letters that wait until somebody releases them")
async def list_letters_awaiting_release(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
    numbers: Annotated[bool, Query(description="Only the numbers: no letter is named, and no look at a student is on record")] = False,
) -> WaitingLetters:
    """The longest waiting first, with counts by the day on which they were due and by threshold."""
    caller.require_school(school)
    after = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.begin() as connection:
        sent = await contacts.school(connection, school)
        rows = [] if numbers else await releases.page(connection, school, after=after, most=limit + 1)
        counts = await releases.counts(connection, school, sent.calendar().timezone if sent is not None else HOME_ZONE)
        total = await listing.count_awaiting_release(connection, school)
        page = page_of(rows, limit, lambda row: (row["awaiting_since"], row["id"])).map(WaitingLetter.model_validate)
        if not numbers:
            access = Access(action="list-waiting-letters", school=school, students=[letter.student for letter in page.items])
            await log_access(connection, caller, access, state.clock())
    return WaitingLetters(items=page.items, next=page.next, total=total, counts=[WaitingCount.model_validate(row) for row in counts])


@router.post("/release", summary="Lets letters go that waited")
async def release_letters_of_day(
    school: SchoolInPath, body: ChosenLetters, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> DecidedLetters:
    """They are due now, and are decided like any other letter: a letter whose crossing was taken back meanwhile is not sent. A named letter
    that does not wait (any more) is passed over."""
    return await _decide(state, caller, school, "released", body, None)


@router.post("/discard", summary="Ends letters that waited")
async def discard_letters_of_day(
    school: SchoolInPath, body: DiscardedLetters, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> DecidedLetters:
    """Nothing is sent, and no later letter is about these crossings either. The reason is kept with the person who gave it."""
    return await _decide(state, caller, school, "discarded", body, body.reason)


async def _decide(
    state: NotifierState, caller: Principal, school: SchoolInPath, action: ReleaseAction, body: ChosenLetters, reason: str | None
) -> DecidedLetters:
    caller.require_school(school)
    chosen = frozenset(body.letters) if body.letters is not None else None
    async with state.engine.begin() as connection:
        waiting = await releases.awaiting(connection, school, chosen)
        access = Access(action="decide-letters", school=school, student_ids=[student for student, _ in waiting], fields=[action])
        await log_access(connection, caller, access, state.clock())
        decided = await decide_release(connection, school, action, chosen, reason=reason, by=caller.subject, now=state.clock())
        return DecidedLetters(letters=len(decided), waiting=await listing.count_awaiting_release(connection, school))
