"""The part of an erasure that is about support plans."""

from services.thresholds.casework.erasing import erasing
from services.thresholds.support_plans.support_plan import nameless

erase = erasing("support-plan", nameless)
