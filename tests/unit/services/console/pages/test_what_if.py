"""A rehearsal of letters in words."""

from services.console.asking.part import Part
from services.console.pages.letters.what_if import sentences, what_if_view

GOES = {
    "goes_at": "2026-11-02T22:00:00Z",
    "outcome": "goes",
    "copies": [{"channel": "email"}, {"channel": "text"}, {"channel": "email"}],
}
FOUND = {
    "crossings": 7,
    "before": {"letters": 6, "copies": 9, "kept_back": 0, "no_contact": 1},
    "after": {"letters": 1, "copies": 1, "kept_back": 4, "no_contact": 1},
    "changes": [{"change": "gone", "letters": 1}, {"change": "outcome", "letters": 4}, {"change": "same", "letters": 2}],
    "items": [
        {"student": "1", "change": "gone", "before": GOES, "after": None},
        {"student": "2", "change": "outcome", "before": GOES, "after": GOES | {"outcome": "awaiting-release"}},
    ],
}


def test_each_side_and_each_difference_has_a_sentence() -> None:
    assert sentences(FOUND) == [
        "7 steps were reached in this time.",
        "By the choices in force: 6 letters to 9 addresses, 1 that reach nobody.",
        "By the new ones: 1 letter to 1 address, 4 that wait for a person, 1 that reach nobody.",
        "1 letter: no letter any more.",
        "4 letters: something else becomes of it.",
    ]


def test_a_row_says_what_becomes_of_a_letter_and_the_list_can_be_about_one_change() -> None:
    first, second = what_if_view(Part(FOUND)).otherwise({})["rows"]
    assert first["before_words"] == {"at": "2026-11-02T22:00:00Z", "outcome": "goes", "copies": "2 e-mails and 1 text"}
    assert (first["after_words"], second["after_words"]["outcome"]) == (None, "waits for a person")
    assert [row["student"] for row in what_if_view(Part(FOUND), "outcome").otherwise({})["rows"]] == ["2"]
