"""The caller of a request, and the caller's rights."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from shared.identifiers import SchoolNumber
from shared.web.errors import ProblemError

Scope = Literal["marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops"]

Role = Literal["view", "respond", "manage", "admin"]
"""The roles of a member of staff. Each allows all that the ones before it allow: look; record responses; close, assign and hold
records; keep the plan, the lists and the settings, and read the audit log."""

ROLES: Final[tuple[Role, ...]] = ("view", "respond", "manage", "admin")
YEAR: Final = "year:"
MOST_YEAR: Final = 15


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a school that a member of staff looks after: whole year levels, and groups by name."""

    year_levels: frozenset[int]
    groups: frozenset[str]

    @classmethod
    def parse(cls, names: frozenset[str]) -> "Part":
        """Reads `year:10` as a year level and everything else as a group's name. Raises ValueError for a year that can't be."""
        years = frozenset(int(name.removeprefix(YEAR)) for name in names if name.startswith(YEAR))
        if any(not 0 <= year <= MOST_YEAR for year in years):
            raise ValueError(f"a year level lies between 0 and {MOST_YEAR}")
        return cls(years, frozenset(name for name in names if not name.startswith(YEAR)))

    def holds(self, year_level: int | None, groups: frozenset[str]) -> bool:
        """Whether a student of that year level and those groups is in it."""
        return year_level in self.year_levels or not self.groups.isdisjoint(groups)


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `schools` None means all schools; `part` None means all their students.

    A token without a role is a system's, which its scopes alone bound.
    """

    subject: str
    scopes: frozenset[str]
    schools: frozenset[str] | None
    role: Role = "admin"
    part: Part | None = None

    def may_see(self, school: str | None) -> bool:
        """Whether the caller's token holds for this school; for none, only a token for all schools does."""
        return self.schools is None or school in self.schools

    def require_school(self, school: SchoolNumber) -> None:
        """Raises ProblemError 403 for another school, whether or not it exists."""
        if not self.may_see(school):
            raise ProblemError(HTTPStatus.FORBIDDEN, "another-school", "this token does not hold for that school")

    def require_scope(self, scope: Scope) -> None:
        """Raises ProblemError 403 when the token lacks the scope."""
        if scope not in self.scopes:
            raise ProblemError(HTTPStatus.FORBIDDEN, "missing-scope", f"this token lacks the scope {scope}")

    def require_role(self, role: Role) -> None:
        """Raises ProblemError 403 when the caller's role is a lesser one."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise ProblemError(HTTPStatus.FORBIDDEN, "missing-role", f"this takes the role {role}; the token's is {self.role}")

    def require_whole_school(self) -> None:
        """Raises ProblemError 403 for a caller who looks after a part of a school only."""
        if self.part is not None:
            raise ProblemError(HTTPStatus.FORBIDDEN, "part-of-a-school", "this token holds for some groups of the school only")
