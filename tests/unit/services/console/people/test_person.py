"""The rights of a person on the screens."""

import pytest

from services.console.people.person import Person
from shared.auth.principal import Principal, Role

WRITES = frozenset({"star:read", "star:write"})


@pytest.mark.parametrize(
    ("role", "recorded_by", "scopes", "may"),
    [
        ("respond", "aroha", WRITES, True),
        ("respond", "wiremu", WRITES, False),
        ("manage", "wiremu", WRITES, True),
        ("admin", "wiremu", WRITES, True),
        ("view", "aroha", WRITES, False),
        ("manage", "aroha", frozenset({"star:read"}), False),
    ],
)
def test_ones_own_is_taken_back_and_others_with_the_role_that_manages(
    role: Role, recorded_by: str, scopes: frozenset[str], may: bool
) -> None:
    person = Person(Principal("aroha", scopes, frozenset({"0999"}), role), "token")
    assert person.may_take_back(recorded_by) is may
