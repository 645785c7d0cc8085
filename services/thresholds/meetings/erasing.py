"""The part of an erasure that is about meetings."""

from services.thresholds.casework.erasing import erasing
from services.thresholds.meetings.meeting import nameless

erase = erasing("meeting", nameless)
