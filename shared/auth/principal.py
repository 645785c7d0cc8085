"""Who is asking, and what they may do."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError

Scope = Literal["marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `schools` None means all schools."""

    subject: str
    scopes: frozenset[str]
    schools: frozenset[str] | None

    def may_see(self, school: str) -> bool:
        """Whether the caller's token holds for this school."""
        return self.schools is None or school in self.schools

    def require_school(self, school: SchoolNumber) -> None:
        """Raises ProblemError 403 for another school, whether or not it exists."""
        if not self.may_see(school):
            raise ProblemError(HTTPStatus.FORBIDDEN, "another-school", "this token does not hold for that school")

    def require_scope(self, scope: Scope) -> None:
        """Raises ProblemError 403 when the token lacks the scope."""
        if scope not in self.scopes:
            raise ProblemError(HTTPStatus.FORBIDDEN, "missing-scope", f"this token lacks the scope {scope}")
