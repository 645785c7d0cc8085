"""Cursors come back as they went out, and nothing else is taken for one."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.cursors import CursorSeal, decode_cursor, encode_cursor, moment, number, read_cursor
from shared.web.problems import ProblemError

KEY = bytes(range(32))
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@given(st.lists(texts, min_size=1, max_size=3))
def test_a_cursor_comes_back_as_it_went_out(parts: list[str]) -> None:
    assert decode_cursor(encode_cursor(*parts), parts=len(parts)) == parts


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, parts=1) is None
    assert CursorSeal(KEY, "students by name").decode(None, parts=1) is None


@given(st.lists(texts, min_size=1, max_size=3))
def test_a_sealed_cursor_comes_back_as_it_went_out_and_is_one_for_one_place(parts: list[str]) -> None:
    seal = CursorSeal(KEY, "students by name")
    assert seal.decode(seal.encode(*parts), parts=len(parts)) == parts
    assert seal.encode(*parts) == CursorSeal(KEY, "students by name").encode(*parts)


def test_a_sealed_cursor_shows_nothing_and_fits_its_own_order_only() -> None:
    cursor = CursorSeal(KEY, "students by name").encode("arani maia", "12345")
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"arani" not in opened
    assert b"12345" not in opened
    others = [CursorSeal(KEY, "students by change"), CursorSeal(bytes(32), "students by name")]
    changed = cursor[:-4] + ("AAAA" if cursor[-4:] != "AAAA" else "BBBB")
    by_name = CursorSeal(KEY, "students by name")
    for seal, given_ in [(others[0], cursor), (others[1], cursor), (by_name, changed), (by_name, encode_cursor("arani maia", "12345"))]:
        with pytest.raises(ProblemError) as refused:
            seal.decode(given_, parts=2)
        assert (refused.value.status, refused.value.kind) == (422, "bad-cursor")
        assert "begins again" in (refused.value.detail or "")


@pytest.mark.parametrize("parts", [["a\0b"], ["\ud800"], ["a", "b"], [], [1], [None], "a", {"a": 1}, None])
def test_parts_that_we_never_made_are_refused(parts: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    with pytest.raises(ProblemError) as refused:
        decode_cursor(cursor, parts=1)
    assert refused.value.status == 422


@pytest.mark.parametrize("cursor", ["", "eh", "%", "\u0101", "e30", "=" * 9])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ProblemError):
        decode_cursor(cursor, parts=1)
    with pytest.raises(ProblemError):
        CursorSeal(KEY, "students by name").decode(cursor, parts=1)


def test_each_part_is_read_as_what_it_was() -> None:
    at, who = datetime(2026, 10, 19, 12, tzinfo=UTC), UUID(int=7)
    assert read_cursor(encode_cursor(at.isoformat(), str(who), "12"), moment, UUID, number()) == (at, who, 12)
    assert read_cursor(encode_cursor(str(who)), UUID) == who
    assert read_cursor(None, moment, UUID) is None


@pytest.mark.parametrize(
    ("part", "reader"),
    [
        ("2026-10-19T12:00:00", moment),
        ("yesterday", moment),
        ("1" * 10, number()),
        ("1" * 19, number(18)),
        ("-1", number()),
        ("\u0661", number()),
        ("", number()),
        ("7", UUID),
    ],
)
def test_a_part_that_can_not_be_read_is_none_of_ours(part: str, reader: Callable[[str], object]) -> None:
    with pytest.raises(ProblemError) as refused:
        read_cursor(encode_cursor(part), reader)
    assert (refused.value.status, refused.value.kind) == (422, "bad-cursor")
