"""Two rehearsals beside each other, letter by letter. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifier.contacts.recipients import Channel
from services.notifier.rehearsals.replaying import Outcome

Words = Literal["proposed", "school", "house"]
"""The words of a letter: those that are tried, the school's own in force, or the house's."""

Change = Literal["new", "gone", "outcome", "sooner", "later", "recipients", "words", "same"]
"""The way in which a letter of the second rehearsal differs from the first one's, by the first of these that holds."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The letter to one address. `place` is the recipient's, in the order of the school's system. Text messages have the house's words,
    whatever a school writes."""

    place: int
    channel: Channel
    language: str
    words: Words


@dataclass(frozen=True, slots=True)
class LetterThen:
    """A letter as it would go."""

    goes_at: datetime
    outcome: Outcome
    copies: Sequence[Copy]


def change_between(before: LetterThen | None, after: LetterThen | None) -> Change:
    """The way in which the letter differs. Raises ValueError where there is none on either side."""
    if before is None or after is None:
        if before is after:
            raise ValueError("a comparison has a letter on one side at least")
        return "new" if before is None else "gone"
    if before.outcome != after.outcome:
        return "outcome"
    if before.goes_at != after.goes_at:
        return "sooner" if after.goes_at < before.goes_at else "later"
    if [(one.place, one.channel) for one in before.copies] != [(one.place, one.channel) for one in after.copies]:
        return "recipients"
    return "words" if before.copies != after.copies else "same"
