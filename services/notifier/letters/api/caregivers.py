"""A student's caregivers: the school sees to whom letters go, and why to nobody else."""

from collections.abc import Collection
from typing import Annotated

from services.notifier.contacts.recipients import Channel, Reach, place_key, reach_of, recipients_of
from services.notifier.contacts.repository import bad_addresses, decisions
from services.notifier.letters.api.looking_after import looked_after
from services.notifier.letters.policy import chosen, with_defaults
from services.notifier.letters.repository import policies
from services.notifier.letters.schemas.caregivers import CaregiverOut
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import SchoolInPath, requires

router = Router(tags=["caregivers"])


@router.get("/v1/schools/{school}/students/{student}/caregivers", summary="A student's caregivers, and to whom letters go")
async def list_caregivers(
    school: SchoolInPath, student: str, state: State, caller: Annotated[Principal, requires("star:read", role="manage", by_group=True)]
) -> Page[CaregiverOut]:
    """In the school's order. It is the decision that a letter of this moment would follow, without staff's holds and the letter's own."""
    async with state.engine.begin() as connection:
        contact = await looked_after(connection, caller, school, student)
        policy = with_defaults(await policies.current(connection, school), state.settings.policy_defaults)
        reached = reach_of(
            contact.caregivers,
            elsewhere=contact.elsewhere,
            decisions=await decisions.of(connection, school),
            bad=await bad_addresses.among(connection, school, contact.addresses()),
            texts=bool(state.settings.text_url),
            paper=policy.paper is not None and policy.paper.unreached,
        )
        await log_access(connection, caller, Access(action="read-caregivers", school=school, students=[student]), state.clock())
    to = {(one.channel, place_key(one.channel, one.address)) for one in chosen(policy, recipients_of(reached))}
    return Page(items=[_shown(reach, to) for reach in reached], next=None)


def _shown(reach: Reach, to: Collection[tuple[Channel, str]]) -> CaregiverOut:
    caregiver = reach.caregiver
    is_written_to = reach.address is not None and (reach.channel, place_key(reach.channel, reach.address)) in to
    return CaregiverOut(
        name=caregiver.name,
        relationship=caregiver.relationship,
        phone=caregiver.phone,
        language=caregiver.language,
        written_to=is_written_to,
        channel=reach.channel if is_written_to else None,
        address=reach.address if is_written_to else None,
        why=None if is_written_to else reach.why or "first-only",
    )
