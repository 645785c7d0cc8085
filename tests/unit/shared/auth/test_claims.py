"""Claims of issuers become a principal, whatever they are called."""

import pytest

from shared.auth.claims import Claims


def test_an_issuers_own_names_and_roles_are_read() -> None:
    claims = Claims(
        {"scope": "scp", "role": "roles", "schools": "star_schools", "groups": "star_groups"}, {"Dean": "manage", "Tutor": "view"}
    )
    principal = claims.principal(
        {
            "sub": "1",
            "scp": "star:read star:write",
            "roles": ["Tutor", "Dean", "Bus driver"],
            "star_schools": ["999"],
            "star_groups": "10A, year:9",
        }
    )
    assert (principal.role, principal.schools) == ("manage", frozenset({"0999"}))
    assert principal.scopes == {"star:read", "star:write"}
    assert principal.part is not None
    assert (principal.part.groups, principal.part.year_levels) == (frozenset({"10A"}), frozenset({9}))


def test_somebody_without_a_role_that_is_known_is_nobody() -> None:
    with pytest.raises(ValueError, match="no role"):
        Claims(roles={"Dean": "manage"}).principal({"sub": "1", "role": "Bus driver"})


def test_without_groups_the_whole_school_is_theirs_and_with_an_empty_list_nothing() -> None:
    assert Claims().principal({"sub": "1", "schools": "*"}).part is None
    part = Claims().principal({"sub": "1", "groups": []}).part
    assert part is not None
    assert not part.holds(10, frozenset({"10A"}))
