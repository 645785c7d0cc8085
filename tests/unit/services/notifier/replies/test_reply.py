"""The answer of a form, and the hold that a policy wishes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.notifier.replies.choice import RepliesChoice
from services.notifier.replies.page import FIELDS
from services.notifier.replies.reply import CHOICES, MOST_WORDS, hold_until, read_answer
from services.notifier.replies.words import ENGLISH, ReplyWords, words_for
from shared.attendance.calendar import SchoolCalendar


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"choice": ["ill"]}, ("ill", None)),
        ({"choice": ["ring-me"], "words": [" after\r\nfive\x00 "]}, ("ring-me", "after five")),
        ({"choice": ["need-help"], "words": ["a" * 900]}, ("need-help", "a" * MOST_WORDS)),
        ({"choice": ["need-help"], "words": ["   "]}, ("need-help", None)),
        ({"choice": ["nonsense"]}, "nothing-chosen"),
        ({"choice": ["ill", "ring-me"]}, "nothing-chosen"),
        ({"words": ["only words"]}, "nothing-chosen"),
        ({}, "nothing-chosen"),
    ],
)
def test_an_answer_is_one_choice_and_perhaps_some_words(fields: Any, expected: Any) -> None:
    assert read_answer(fields) == expected


def test_a_reply_holds_letters_for_as_many_days_as_the_policy_says_from_today_on() -> None:
    calendar = SchoolCalendar((), timezone="Pacific/Auckland")
    evening = datetime(2026, 11, 19, 11, 30, tzinfo=UTC)
    assert hold_until(RepliesChoice(hold_days=3), calendar, evening) == date(2026, 11, 22)
    assert hold_until(RepliesChoice(hold_days=1), calendar, evening) == date(2026, 11, 20)
    assert hold_until(RepliesChoice(), calendar, evening) is None
    assert hold_until(None, calendar, evening) is None


def test_the_page_is_in_the_familys_language_where_the_school_has_words_in_it() -> None:
    maori = ENGLISH.model_copy(update={"send": "Tukuna"})
    assert words_for({"mi": maori}, "mi-NZ") == ("mi", maori)
    assert words_for({"mi": maori}, "sm") == ("en", ENGLISH)
    own = ENGLISH.model_copy(update={"send": "Off it goes"})
    assert words_for({"mi": maori, "en": own}, "sm") == ("en", own)


def test_each_choice_has_its_words() -> None:
    assert set(FIELDS) == set(CHOICES)
    assert set(FIELDS.values()) <= set(ReplyWords.model_fields)
