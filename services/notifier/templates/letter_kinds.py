"""The kinds of letters that there are words for: a letter for each threshold, and one for each occasion that is about none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.events.data import LetterOccasion

LetterKind = Threshold | LetterOccasion

OCCASIONS: Final[tuple[LetterOccasion, ...]] = get_args(LetterOccasion)
KINDS: Final[tuple[LetterKind, ...]] = (*THRESHOLDS, *OCCASIONS)

_NUMBERS: Final[Mapping[LetterOccasion, int]] = MappingProxyType({"statement": -1, "back-on-track": -2, "full-term": -3})
"""The tables of words have a letter's threshold in their keys: an occasion stands there as a number that no threshold has."""


def number_of(kind: LetterKind) -> int:
    """The kind as the tables have it."""
    return kind if isinstance(kind, int) else _NUMBERS[kind]


def kind_of(number: int) -> LetterKind:
    """The kind of a number in the tables. Raises StopIteration for one that stands for nothing."""
    return next(kind for kind in KINDS if number_of(kind) == number)
