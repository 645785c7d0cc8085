"""The other children of a student's family: one conversation with the family may be about them all."""

from typing import Annotated

from services.notifier.contacts.families import caregivers_in_common
from services.notifier.contacts.repository import contacts, decisions
from services.notifier.letters.api.looking_after import looked_after, looks_after
from services.notifier.letters.schemas.families import FamilyMemberOut
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.names import full_name
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import SchoolInPath, requires

router = Router(tags=["caregivers"])


@router.get("/v1/schools/{school}/students/{student}/family", summary="The other children of a student's family")
async def list_family(
    school: SchoolInPath, student: str, state: State, caller: Annotated[Principal, requires("star:read", role="manage", by_group=True)]
) -> Page[FamilyMemberOut]:
    """Students who share a caregiver with this one, by name and by an e-mail address, or a mobile at the same school: a caregiver to whom
    letters about both go. The list has the students whom the caller looks after, those at other schools only if the token holds there."""
    async with state.engine.begin() as connection:
        contact = await looked_after(connection, caller, school, student)
        await contacts.index_addresses(connection, schools=[school])
        elsewhere = await contacts.school_numbers(connection) if caller.schools is None else caller.schools
        others = await contacts.sharing_a_place(connection, contact, elsewhere)
        decided = await decisions.of_schools(connection, {school, *(other.school for other, _ in others)})
        found = [
            (other, key, shared)
            for other, key in others
            if looks_after(caller, other) and (shared := caregivers_in_common(contact, other, decided[school], decided[other.school]))
        ]
        for of in {school, *(other.school for other, _, _ in found)}:
            seen = [key for other, key, _ in found if other.school == of and key is not None]
            unlettered = [other.student_id for other, key, _ in found if other.school == of and key is None]
            shown = [student, *seen] if of == school else seen
            access = Access(action="read-caregivers", school=of, students=shown, student_ids=unlettered)
            await log_access(connection, caller, access, state.clock())
    items = [
        FamilyMemberOut(
            school=other.school,
            student=key,
            student_id=other.student_id,
            name=full_name(other.given_name, other.family_name),
            year_level=other.year_level,
            groups=list(other.groups),
            caregivers=shared,
        )
        for other, key, shared in found
    ]
    return Page(items=sorted(items, key=lambda item: (-(item.year_level or 0), item.name)))
