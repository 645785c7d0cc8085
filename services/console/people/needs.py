"""The needs of a page: scope, role, whole school. Pure."""

from dataclasses import dataclass
from typing import Final

from shared.auth.principal import ROLES, Principal, Role, Scope


@dataclass(frozen=True, slots=True)
class Needs:
    """A scope, the least role, and whether the page is about the whole school. `signed_in` False: a page for everybody.

    `of_staff`: the page has the school's surroundings and students' names, which only those see who may read them.
    """

    scope: Scope | None = None
    role: Role = "view"
    whole_school: bool = False
    signed_in: bool = True
    of_staff: bool = False

    async def __call__(self) -> None:
        """Nothing to do: as a dependency it is the route's declaration, and the router holds to it before anything is read."""

    def met_by(self, principal: Principal) -> bool:
        """Whether the person may see the page, school aside."""
        return (
            (self.scope is None or self.scope in principal.scopes)
            and not (self.of_staff and "star:read" not in principal.scopes)
            and ROLES.index(principal.role) >= ROLES.index(self.role)
            and not (self.whole_school and principal.part is not None)
        )


EVERYBODY: Final = Needs(signed_in=False)
SIGNED_IN: Final = Needs()
STAFF: Final = Needs("star:read")
"""Students and their records: all staff, each their own."""

RESPONDERS: Final = Needs("star:write", "respond")
MANAGERS: Final = Needs("star:write", "manage")
SCHOOL_SETUP: Final = Needs("roster:write", whole_school=True, of_staff=True)
"""The plan and the settings: those who keep the school's set-up."""

PLAN_ADMINS: Final = Needs("star:write", "admin", whole_school=True, of_staff=True)
"""Changes of the plan, and its publication."""

SETTINGS_ADMINS: Final = Needs("roster:write", "admin", whole_school=True, of_staff=True)
"""Changes of the school's set-up."""

STAR_ADMINS: Final = Needs("star:write", "admin", whole_school=True, of_staff=True)
"""Changes of activities and due days, which hold for all records."""

IMPORTERS: Final = Needs("marks:write", "admin", whole_school=True, of_staff=True)
"""Those who hand the school's data in by files."""

AUDITORS: Final = Needs("star:read", "admin", whole_school=True)
"""Those who read who saw or changed what."""

MINISTRY: Final = Needs("uploads:run", whole_school=True, of_staff=True)
UPLOAD_RUNNERS: Final = Needs("uploads:run", "manage", whole_school=True, of_staff=True)
UPLOAD_ADMINS: Final = Needs("uploads:run", "admin", whole_school=True, of_staff=True)
"""Those who decide how uploads go, and carry them."""

PARTNERS: Final = Needs("events:subscribe", whole_school=True)
OPERATORS: Final = Needs("ops")
