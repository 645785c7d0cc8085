"""The masthead of all printed pages: facts about the document, and days in words."""

from dataclasses import dataclass
from datetime import date
from typing import Final

LANGUAGE: Final = "en-NZ"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the document: a label and a value."""

    label: str
    value: str


def day_in_words(day: date) -> str:
    """As in `1 December 2026`, with blanks at which no line breaks."""
    return f"{day.day}\u00a0{day:%B}\u00a0{day.year}"
