"""How a letter differs between two rehearsals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.rehearsals.comparing import Change, Copy, LetterThen, change_between

MERE, WIREMU = Copy(0, "email", "mi", "school"), Copy(1, "email", "en", "house")
LETTER = LetterThen(datetime(2026, 11, 2, 22, tzinfo=UTC), "goes", [MERE, WIREMU])


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, LETTER, "new"),
        (LETTER, None, "gone"),
        (LETTER, LETTER, "same"),
        (LETTER, replace(LETTER, goes_at=LETTER.goes_at - timedelta(minutes=1)), "sooner"),
        (LETTER, replace(LETTER, goes_at=LETTER.goes_at + timedelta(minutes=1)), "later"),
        (LETTER, replace(LETTER, copies=[MERE]), "recipients"),
        (LETTER, replace(LETTER, copies=[MERE, replace(WIREMU, channel="text")]), "recipients"),
        (LETTER, replace(LETTER, copies=[replace(MERE, words="proposed"), WIREMU]), "words"),
        (LETTER, LetterThen(LETTER.goes_at + timedelta(days=1), "awaiting-release", []), "outcome"),
    ],
)
def test_a_change_has_one_name(before: LetterThen | None, after: LetterThen | None, change: Change) -> None:
    assert change_between(before, after) == change


def test_two_sides_without_a_letter_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="at least"):
        change_between(None, None)
