"""Plain text read as paragraphs and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.thresholds.plans.prose import ProseBlock, blocks


def paragraph(*lines: str) -> ProseBlock:
    return ProseBlock("paragraph", lines)


def bullets(*items: str) -> ProseBlock:
    return ProseBlock("bullets", items)


def numbers(*items: str) -> ProseBlock:
    return ProseBlock("numbers", items)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.", (paragraph("One."),)),
        ("One.\nTwo.", (paragraph("One.", "Two."),)),
        ("One.\n\n\nTwo.", (paragraph("One."), paragraph("Two."))),
        ("First:\n- a\n- b\nThen.", (paragraph("First:"), bullets("a", "b"), paragraph("Then."))),
        ("* a\n• b\n– c", (bullets("a", "b", "c"),)),
        ("- a\n\n- b", (bullets("a", "b"),)),
        ("- a\n  goes on\n- b", (bullets("a goes on", "b"),)),
        ("- a\n\n  Not its.", (bullets("a"), paragraph("Not its."))),
        ("1. a\n2. b\n3) c", (numbers("a", "b", "c"),)),
        ("1. a\n- b", (numbers("a"), bullets("b"))),
        # What would be printed with another number stays as it was written.
        ("3. a\n4. b", (paragraph("3. a", "4. b"),)),
        ("1. a\n5. b", (numbers("a"), paragraph("5. b"))),
        ("2026. A year.", (paragraph("2026. A year."),)),
        ("-5 degrees\n10-15 days", (paragraph("-5 degrees", "10-15 days"),)),
        ("- ", (paragraph("-"),)),
        ("<b>#strong</b> $x$", (paragraph("<b>#strong</b> $x$"),)),
        ("", ()),
        ("\n \n", ()),
    ],
)
def test_reading(text: str, expected: tuple[ProseBlock, ...]) -> None:
    assert blocks(text) == expected


@given(st.text(alphabet="ab -*•1.2)\n ", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    said = "".join(item for block in blocks(text) for item in block.items)
    for letter in "ab":
        assert said.count(letter) == text.count(letter)
    assert all(item.strip() for block in blocks(text) for item in block.items)
