"""Texts of others are ids, or none."""

from uuid import UUID

import pytest

from shared.identifiers import uuid_or_none


def test_a_text_that_is_an_id_is_read() -> None:
    assert uuid_or_none("00000000-0000-0000-0000-000000000007") == UUID(int=7)


@pytest.mark.parametrize("text", [None, "", "7", "0999", "not-an-id"])
def test_a_text_that_is_no_id_is_none(text: str | None) -> None:
    assert uuid_or_none(text) is None
