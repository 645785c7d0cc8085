"""The claims of a token that say who its holder is. Issuers name them as they like, so their names are settings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from shared.auth.principal import ROLES, Part, Principal, Role
from shared.identifiers import school_number

ClaimName = Literal["scope", "schools", "role", "groups"]

_OWN: Final[Mapping[ClaimName, str]] = MappingProxyType({"scope": "scope", "schools": "schools", "role": "role", "groups": "groups"})


@dataclass(frozen=True, slots=True)
class Claims:
    """How an issuer's claims are read: their names where they differ from the engine's own, and its words for the engine's roles.

    With `roles`, only the words in it are roles; of several, the highest one holds.
    """

    names: Mapping[ClaimName, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)

    def principal(self, claims: Mapping[str, Any]) -> Principal:
        """The holder of a verified token. Raises ValueError, KeyError or TypeError for claims that say nothing that holds."""
        schools = _words(self._of(claims, "schools", []), " ")
        groups = self._of(claims, "groups", None)
        return Principal(
            subject=str(claims["sub"]),
            scopes=frozenset(_words(self._of(claims, "scope", []), " ")),
            schools=None if schools == ["*"] else frozenset(school_number(school) for school in schools),
            role=self._role(self._of(claims, "role", "" if self.roles else "admin")),
            # An empty list is somebody who looks after nobody, not after everybody.
            part=None if groups is None else Part.parse(frozenset(group.strip() for group in _words(groups, ","))),
        )

    def _of(self, claims: Mapping[str, Any], name: ClaimName, otherwise: Any) -> Any:
        return claims.get(self.names.get(name, _OWN[name]), otherwise)

    def _role(self, claim: Any) -> Role:
        if self.roles:
            held = [self.roles[word] for word in _words(claim, " ") if word in self.roles]
            if not held:
                raise ValueError("no role that is known here")
            return max(held, key=ROLES.index)
        if claim not in ROLES:
            raise ValueError("unknown role")
        return cast(Role, claim)


OWN_CLAIMS: Final = Claims()
"""The claims of tokens that the engine signs itself."""


def _words(claim: Any, separator: str) -> Sequence[str]:
    """A claim that is a list, or a text with separators."""
    if isinstance(claim, str):
        return claim.split() if separator == " " else claim.split(separator)
    return list(claim)
