"""The words of a school's system about its caregivers: the school sees them, and decides about those that are on no list."""

from http import HTTPStatus
from typing import Annotated

import structlog

from services.notifier.contacts.repository import decisions
from services.notifier.letters import no_contact
from services.notifier.letters.repository import cases
from services.notifier.letters.schemas.caregiver_statuses import CaregiverStatusIn, CaregiverStatusOut
from services.notifier.letters.statuses import Status, statuses_of
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.correspondents import judged, text_key
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

log = structlog.get_logger()

router = Router(tags=["caregivers"])


@router.get("/v1/schools/{school}/caregiver-statuses", summary="The statuses and roles of caregivers, and whether letters go")
async def list_caregiver_statuses(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read", role="manage")]
) -> Page[CaregiverStatusOut]:
    """Every status and role that the school's caregivers have now. Those that wait for a decision come first: until then nobody of whom
    they are said is written to."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        statuses = statuses_of(await decisions.in_use(connection, school), await decisions.kept(connection, school))
    return Page(items=[_shown(status) for status in statuses], next=None)


@router.put(
    "/v1/schools/{school}/caregiver-statuses",
    summary="Decide whether letters go to caregivers of whom a text is said",
    responses=refuses("no-decision"),
)
async def put_caregiver_status(
    school: SchoolInPath, body: CaregiverStatusIn, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> CaregiverStatusOut:
    """The decision counts at once, for all spellings of the text and for caregivers to come. With `write`, letters that waited for want of
    a recipient go; with `never`, those that wait go to nobody of whom it is said. No decision lets a letter go where a text speaks of
    protection, or to an emergency contact."""
    caller.require_school(school)
    key, now = text_key(body.text), state.clock()
    if body.decision == "write" and judged(body.text) in ("protected", "no-correspondent"):
        detail = "this text speaks of protection, or of no correspondent: change it in the school's system if it is wrong"
        raise ProblemError(HTTPStatus.CONFLICT, "no-decision", detail)
    async with state.engine.begin() as connection:
        in_use = [text for text in await decisions.in_use(connection, school) if text_key(text.text) == key]
        if not in_use:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-text", "this is said of no caregiver of the school")
        if body.decision is None:
            await decisions.remove(connection, school, key)
        else:
            await decisions.put(connection, school, key, body.decision, caller.subject, now)
        concerned = await decisions.students_with(connection, school, key)
        access = Access(action="decide-caregiver-status", school=school, student_ids=concerned, fields=["decision"])
        await log_access(connection, caller, access, now)
        if body.decision == "write":
            locked = await cases.lock_of_students(connection, concerned)
            await no_contact.try_again(connection, locked.values(), now)
        (status,) = statuses_of(in_use, await decisions.kept(connection, school))
    log.info("caregivers.decided", school=school, decision=body.decision, by=caller.subject)
    return _shown(status)


def _shown(status: Status) -> CaregiverStatusOut:
    return CaregiverStatusOut(
        text=status.text,
        judgement=status.judgement,
        verdict=status.verdict,
        decision=status.kept.decision if status.kept is not None else None,
        decided_by=status.kept.by if status.kept is not None else None,
        decided_at=status.kept.at if status.kept is not None else None,
        caregivers=status.caregivers,
        students=status.students,
    )
