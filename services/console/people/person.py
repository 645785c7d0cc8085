"""The person who is signed in, in words. Pure."""

import hashlib
from dataclasses import dataclass
from typing import Final

from services.console.people.needs import OPERATORS, PARTNERS, STAFF
from shared.auth.principal import ROLES, Principal, Role

ROLE_WORDS: Final[dict[Role, str]] = {"view": "May look", "respond": "Attendance staff", "manage": "Office", "admin": "Principal"}


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person: what the token allows, and the token itself for the APIs."""

    principal: Principal
    token: str

    @property
    def is_staff(self) -> bool:
        """Whether they may see students at all."""
        return STAFF.met_by(self.principal)

    def may(self, role: Role) -> bool:
        """Whether they have this role, or a higher one, and may change something at all."""
        return "star:write" in self.principal.scopes and ROLES.index(self.principal.role) >= ROLES.index(role)

    def may_take_back(self, recorded_by: str) -> bool:
        """Whether they may withdraw what somebody recorded: their own, or anybody's with the role `manage`."""
        return self.may("manage") or (self.may("respond") and recorded_by == self.principal.subject)

    @property
    def role(self) -> str:
        """Their role, in words: "Dean, year 10 and 9A"."""
        if not self.is_staff:
            return "Operator" if OPERATORS.met_by(self.principal) else "Partner" if PARTNERS.met_by(self.principal) else "Signed in"
        part = self.principal.part
        if part is None:
            return ROLE_WORDS[self.principal.role]
        names = [*(f"year {year}" for year in sorted(part.year_levels)), *sorted(part.groups)]
        return f"Dean, {' and '.join(names)}" if names else "Dean of no group yet"

    @property
    def schools(self) -> list[str] | None:
        """Their schools by number; None for all."""
        return None if self.principal.schools is None else sorted(self.principal.schools)


def rights_digest(principal: Principal) -> str:
    """Changes whenever what a person may do changes."""
    part = principal.part
    rights = (
        sorted(principal.scopes),
        None if principal.schools is None else sorted(principal.schools),
        principal.role,
        None if part is None else (sorted(part.year_levels), sorted(part.groups)),
    )
    return hashlib.sha256(repr((principal.subject, rights)).encode()).hexdigest()
