"""The text of a letter in parts."""

from services.notifier.printings.words import parts_of
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.samples import SampleCase, sample

LETTER = """Kia ora Mere,

Aroha has now been away from Example School for 10.5 days in Term 4 (12
October to 18 December 2026).


The days away

- Mon 12 to Wed 14 Oct (3 days), a line that goes on and on until there is
  no room
- Mon 2 Nov

Ngā mihi,
Example School

--------

The count is as it stood.
"""


def test_wrapped_lines_are_joined_and_meant_ones_stay() -> None:
    assert parts_of(LETTER) == [
        {"kind": "paragraph", "lines": ["Kia ora Mere,"], "small": False},
        {
            "kind": "paragraph",
            "lines": ["Aroha has now been away from Example School for 10.5 days in Term 4 (12 October to 18 December 2026)."],
            "small": False,
        },
        {"kind": "heading", "lines": ["The days away"], "small": False},
        {
            "kind": "list",
            "items": ["Mon 12 to Wed 14 Oct (3 days), a line that goes on and on until there is no room", "Mon 2 Nov"],
            "small": False,
        },
        {"kind": "paragraph", "lines": ["Ngā mihi,", "Example School"], "small": False},
        {"kind": "paragraph", "lines": ["The count is as it stood."], "small": True},
    ]


def test_the_house_s_letter_comes_apart_and_loses_no_word() -> None:
    text = Letters().write(15, sample(15, SampleCase())).text
    parts = parts_of(text)
    said = " ".join(line for part in parts for line in part.get("lines", part.get("items", [])))
    assert said.split() == text.replace("- ", "").replace("-" * 8, "").split()
    assert {part["kind"] for part in parts} == {"paragraph", "heading", "list"}
