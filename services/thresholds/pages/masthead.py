"""The words and the masthead that all printed pages share: facts about the document, days and lists in words."""

from collections.abc import Sequence
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


def in_words(names: Sequence[str], last: str = "and") -> str:
    """As in `a, b and c`."""
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
