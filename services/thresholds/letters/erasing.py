"""The part of an erasure that is about letters."""

from services.thresholds.casework.erasing import erasing
from services.thresholds.letters.letter import nameless

erase = erasing("letter", nameless)
