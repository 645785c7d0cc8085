"""The part of an erasure that is about replies."""

from services.thresholds.casework.erasing import erasing
from services.thresholds.replies.reply import nameless

erase = erasing("reply", nameless)
