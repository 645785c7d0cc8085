"""The member of staff whose a thing is today: assigned or by the student, through roles and absences. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.auth.principal import ROLES, Part
from shared.events.data import Staff, StaffMember


@dataclass(frozen=True, slots=True)
class Placement:
    """A student's place in the school, which decides who looks after them; one who has left has none."""

    year_level: int | None = None
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """The member of staff who sees to a thing today. `from_others`: it has come from a lesser role, or from somebody who is away."""

    member: StaffMember
    from_others: bool


def holder(staff: Staff | None, assigned_to: str | None, student: Placement, days_late: int, today: date) -> Holder | None:
    """The person whose it is; None where the school lists nobody who looks after the student.

    A thing belongs to the person it is assigned to, or else to the least role that looks after the student. `next_role_after` school days
    after its due day it goes to the next role, after as many again to the one above that. The person who stands in takes it where somebody
    is away; without one, the next role does.
    """
    if staff is None or (own := member_of(staff, assigned_to) or _least(staff, student, above=None)) is None:
        return None
    member = own
    for _ in range(days_late // staff.next_role_after if staff.next_role_after else 0):
        member = _least(staff, student, above=member) or member
    present = next((one for one in _standing_in(staff, member, student) if not is_away(one, today)), member)
    return Holder(present, present.account != own.account)


def member_of(staff: Staff | None, account: str | None) -> StaffMember | None:
    """The person of this account, where the school lists one."""
    return next((member for member in staff.people if member.account == account), None) if staff is not None else None


def is_away(member: StaffMember, today: date) -> bool:
    """Whether the person is away on this day."""
    return member.away_from is not None and member.away_from <= today and (member.away_until is None or today <= member.away_until)


def _standing_in(staff: Staff, member: StaffMember, student: Placement) -> Iterator[StaffMember]:
    """The person, then those who stand in one for another, then the roles above the person."""
    seen: set[str] = set()
    one: StaffMember | None = member
    while one is not None and one.account not in seen:
        seen.add(one.account)
        yield one
        one = member_of(staff, one.stand_in)
    one = member
    while (one := _least(staff, student, above=one)) is not None:
        yield one


def _least(staff: Staff, student: Placement, *, above: StaffMember | None) -> StaffMember | None:
    """The person of the least role above somebody's who looks after the student; those of a part of the school come first."""
    lowest = -1 if above is None else ROLES.index(above.role)
    after = [member for member in staff.people if ROLES.index(member.role) > lowest and _looks_after(member, student)]
    return min(after, key=lambda member: (ROLES.index(member.role), not member.groups), default=None)


def _looks_after(member: StaffMember, student: Placement) -> bool:
    return not member.groups or Part.parse(frozenset(member.groups)).holds(student.year_level, student.groups)
