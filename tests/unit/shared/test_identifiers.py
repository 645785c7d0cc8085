"""Texts of others are ids, or none."""

from uuid import UUID

import pytest

from shared.identifiers import held_key, holder_key, uuid_or_none


def test_a_text_that_is_an_id_is_read() -> None:
    assert uuid_or_none("00000000-0000-0000-0000-000000000007") == UUID(int=7)


@pytest.mark.parametrize("text", [None, "", "7", "0999", "not-an-id"])
def test_a_text_that_is_no_id_is_none(text: str | None) -> None:
    assert uuid_or_none(text) is None


@pytest.mark.parametrize(
    ("student", "held"),
    [
        ("12345~2", ("12345", 2)),
        ("12345~27", ("12345", 27)),
        ("a~b~3", ("a~b", 3)),
        ("12345~1", None),
        ("12345~0", None),
        ("12345~02", None),
        ("12345~1000", None),
        ("~2", None),
        ("12345", None),
        ("12345~", None),
        ("12345~\u0662", None),
    ],
)
def test_the_key_that_the_engines_key_stands_for(student: str, held: tuple[str, int] | None) -> None:
    assert held_key(student) == held
    if held is not None:
        assert holder_key(*held) == student
