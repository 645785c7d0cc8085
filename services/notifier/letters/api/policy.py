"""A school chooses when its letters may go, about what, to whom, and how many a day."""

from http import HTTPStatus
from typing import Annotated, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import contacts
from services.notifier.letters import no_contact
from services.notifier.letters.case import WaitingState
from services.notifier.letters.foretelling import LetterInWait, PolicyEffect, effect_of
from services.notifier.letters.policy import Policy, cap_of, with_defaults
from services.notifier.letters.repository import cases, holds, letters, policies, releases
from services.notifier.letters.repository.policies import PolicyVersion
from services.notifier.letters.rounds import planning
from services.notifier.letters.schemas.policy import (
    CurrentPolicy,
    InForce,
    PolicyEffectOut,
    PolicyForetold,
    PolicyIn,
    PolicyVersionOut,
    shown_window,
)
from services.notifier.staff_mail import digests
from services.notifier.state import NotifierState, State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, number, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["letter policy"])

NO_CONTACT: Final[frozenset[WaitingState]] = frozenset({"no-contact"})

WAIT_FOR_TIME: Final[frozenset[WaitingState]] = frozenset({"held", "on-hold"})
"""States of letters that a policy decides about when their time comes."""


@router.get("/v1/schools/{school}/letter-policy", summary="The school's letter policy")
async def get_letter_policy(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read")]) -> CurrentPolicy:
    """The policy in force; the defaults, as version 0, for a school that has set none."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        newest = await policies.versions(connection, school, before=None, most=1)
        return await _shown(connection, state, school, newest[0] if newest else PolicyVersion(0, Policy()))


@router.put("/v1/schools/{school}/letter-policy", summary="Sets the school's letter policy", responses=refuses("no-reply-address"))
async def put_letter_policy(
    school: SchoolInPath, body: PolicyIn, state: State, caller: Annotated[Principal, requires("star:write", role="admin")]
) -> CurrentPolicy:
    """Replaces the policy in force, as a new version. It holds for letters that are due from now on, also for those that wait for a window;
    letters that are written are not called back. Letters that wait for a person go on waiting."""
    caller.require_school(school)
    if body.replies is not None and not state.settings.reply_url:
        detail = "the service has no address that families can reach: an operator sets STAR_REPLY_URL first"
        raise ProblemError(HTTPStatus.CONFLICT, "no-reply-address", detail)
    now = state.clock()
    async with state.engine.begin() as connection:
        await policies.lock(connection, school)
        before = await policies.current(connection, school)
        version = await policies.put(connection, school, body.policy(), changed_by=caller.subject, now=now)
        changed = [name for name in Policy.__struct_fields__ if getattr(before, name) != getattr(version.policy, name)]
        await log_access(connection, caller, Access(action="change-letter-policy", school=school, fields=changed), now)
        # Nobody could be written to so far: on paper somebody may be.
        new_paper = version.policy.paper is not None and version.policy.paper != before.paper
        unreached = {id_ for id_, _ in await releases.awaiting(connection, school, None, NO_CONTACT)} if new_paper else set()
        locked = await cases.lock_of_students(connection, await letters.put_off_of(connection, [school]) | unreached)
        await letters.look_again_at(connection, letters.put_off_among(locked.values()), now)
        await no_contact.try_again(connection, [case for case in locked.values() if case.student_id in unreached], now)
        if before.digest is None and version.policy.digest is not None:
            await digests.begin(connection, school, version.policy.digest, now)
        else:
            await digests.replan(connection, [school], now)
        await planning.choose(connection, school, version.policy, now)
        return await _shown(connection, state, school, version)


@router.post("/v1/schools/{school}/letter-policy/preview", summary="See the effect of another letter policy")
async def preview_policy(
    school: SchoolInPath, body: PolicyIn, state: State, caller: Annotated[Principal, requires("star:read")]
) -> PolicyForetold:
    """The effect on letters that wait for their time at this moment; nothing is changed. It is what is known now: a crossing that is taken
    back, a new hold or an address that comes back changes it."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        effect = await _effect(connection, state, school, body.policy())
    return PolicyForetold(effect=PolicyEffectOut.model_validate(effect, from_attributes=True))


@router.get("/v1/schools/{school}/letter-policy/versions", summary="The school's letter policies, newest first")
async def list_letter_policy_versions(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[PolicyVersionOut]:
    """Each version with its time and the person who set it."""
    caller.require_school(school)
    before = read_cursor(cursor, number())
    async with state.engine.connect() as connection:
        rows = await policies.versions(connection, school, before=before, most=limit + 1)
    return page_of(rows, limit, lambda version: version.number).map(lambda version: PolicyVersionOut.of(school, version))


async def _effect(connection: AsyncConnection, state: NotifierState, school: str, policy: Policy) -> PolicyEffect:
    defaults = state.settings.policy_defaults
    sender = await contacts.school(connection, school)
    if sender is None:
        return PolicyEffect(0, 0, 0, 0, 0)
    keys = await releases.awaiting(connection, school, None, WAIT_FOR_TIME)
    held = await holds.of_all(connection, keys)
    waiting = [LetterInWait(case, held[key]) for key, case in (await cases.read_all(connection, keys)).items() if case.waiting is not None]
    students = await contacts.count_of_school(connection, school)
    before, after = (
        (with_defaults(one, defaults), cap_of(one, students, least=defaults.cap_least, share=defaults.cap_share))
        for one in (await policies.current(connection, school), policy)
    )
    return effect_of(waiting, before, after, sender.calendar(), defaults.tell_within, state.clock())


async def _shown(connection: AsyncConnection, state: NotifierState, school: str, version: PolicyVersion) -> CurrentPolicy:
    defaults = state.settings.policy_defaults
    students = await contacts.count_of_school(connection, school)
    hold = version.policy.hold if version.policy.hold is not None else defaults.hold
    cap = cap_of(version.policy, students, least=defaults.cap_least, share=defaults.cap_share)
    return CurrentPolicy.of(
        school, version, in_force=InForce(hold=hold, window=shown_window(version.policy.window or defaults.window), daily_cap=cap)
    )
