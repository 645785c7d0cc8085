"""A school chooses when its letters may go, about what, to whom, and how many a day."""

from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import contacts
from services.notifier.letters.policy import Policy, cap_of
from services.notifier.letters.repository import cases, letters, policies
from services.notifier.letters.repository.policies import PolicyVersion
from services.notifier.letters.schemas.policy import CurrentPolicy, InForce, PolicyIn, PolicyVersionOut, shown_window
from services.notifier.staff_mail import digests
from services.notifier.state import NotifierState, State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, number, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath, requires

router = Router(tags=["letter policy"])


@router.get("/v1/schools/{school}/letter-policy", summary="The school's letter policy")
async def get_policy(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read")]) -> CurrentPolicy:
    """The policy in force; the defaults, as version 0, for a school that has set none."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        newest = await policies.versions(connection, school, before=None, most=1)
        return await _shown(connection, state, school, newest[0] if newest else PolicyVersion(0, Policy()))


@router.put("/v1/schools/{school}/letter-policy", summary="Sets the school's letter policy")
async def put_policy(
    school: SchoolInPath, body: PolicyIn, state: State, caller: Annotated[Principal, requires("star:write", role="admin")]
) -> CurrentPolicy:
    """Replaces the policy in force, as a new version. It holds for letters that are due from now on, also for those that wait for a window;
    letters that are written are not called back. Letters that wait for a person go on waiting."""
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        await policies.lock(connection, school)
        before = await policies.current(connection, school)
        version = await policies.put(connection, school, body.policy(), changed_by=caller.subject, now=now)
        locked = await cases.lock_of_students(connection, await letters.put_off_of(connection, [school]))
        await letters.look_again_at(connection, locked.values(), now)
        if before.digest is None and version.policy.digest is not None:
            await digests.begin(connection, school, version.policy.digest, now)
        else:
            await digests.replan(connection, [school], now)
        return await _shown(connection, state, school, version)


@router.get("/v1/schools/{school}/letter-policy/versions", summary="The school's letter policies, newest first")
async def list_versions(
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


async def _shown(connection: AsyncConnection, state: NotifierState, school: str, version: PolicyVersion) -> CurrentPolicy:
    defaults = state.settings.policy_defaults
    students = await contacts.count_of_school(connection, school)
    hold = version.policy.hold if version.policy.hold is not None else defaults.hold
    cap = cap_of(version.policy, students, least=defaults.cap_least, share=defaults.cap_share)
    return CurrentPolicy.of(
        school, version, in_force=InForce(hold=hold, window=shown_window(version.policy.window or defaults.window), daily_cap=cap)
    )
