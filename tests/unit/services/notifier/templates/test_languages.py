"""Language tags, and who is given which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.templates.languages import best, canonical, direction, fallbacks


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "en"),
        ("MI", "mi"),
        ("en-nz", "en-NZ"),
        ("ZH-HANT-tw", "zh-Hant-TW"),
        ("sm-ws", "sm-WS"),
        ("en-x-NY", "en-x-ny"),
        ("sl-rozaj", "sl-rozaj"),
    ],
)
def test_tags_have_one_spelling(tag: str, written: str) -> None:
    assert canonical(tag) == written


@pytest.mark.parametrize(
    "tag", ["", "e", "en_NZ", "en-", "-en", "english please", "1", "en-" + "a" * 9, "en-" + "-".join(["abcd"] * 8), "mi\n"]
)
def test_what_is_no_tag(tag: str) -> None:
    with pytest.raises(ValueError, match="BCP 47"):
        canonical(tag)


@given(st.from_regex(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True))
def test_one_spelling_stays(tag: str) -> None:
    assert canonical(canonical(tag)) == canonical(tag)
    assert canonical(tag).lower() == tag.lower()


def test_the_way_back_to_the_house() -> None:
    assert fallbacks("zh-hant-TW") == ("zh-Hant-TW", "zh", "en")
    assert fallbacks("mi") == ("mi", "en")
    assert fallbacks("en-NZ") == ("en-NZ", "en")
    assert fallbacks("what?") == ("en",)


def test_the_best_there_is() -> None:
    assert best({"en": 1, "zh": 2}, "zh-Hant") == 2
    assert best({"en": 1, "zh": 2}, "sm") == 1
    assert best({"zh": 2}, "sm") is None


def test_directions() -> None:
    assert (direction("ar"), direction("fa-IR"), direction("mi"), direction("en")) == ("rtl", "rtl", "ltr", "ltr")
