"""How names and counts are written."""

import pytest

from services.notifier.templates.words import days_in_words, in_words


@pytest.mark.parametrize(("half_days", "words"), [(1, "0.5 days"), (2, "1 day"), (10, "5 days"), (11, "5.5 days"), (30, "15 days")])
def test_days(half_days: int, words: str) -> None:
    assert days_in_words(half_days) == words


def test_names() -> None:
    assert in_words(["Mere"]) == "Mere"
    assert in_words(["Mere", "Wiremu"]) == "Mere and Wiremu"
    assert in_words(["Mere", "Wiremu", "Hana"]) == "Mere, Wiremu and Hana"
