"""How long it is kept which reminders were due, and who was told of what."""

from datetime import timedelta
from typing import Final

from services.thresholds.reminders import repository as reminders
from shared.retention import Rule

TOLD_KEPT_FOR: Final = timedelta(days=400)
"""A thing that waits longer than a school year is said once more."""


def retention_rules() -> tuple[Rule, ...]:
    """A morning goes with its work item."""
    return (
        Rule("reminders", timedelta(0), reminders.forget_done, tables=("reminders",)),
        Rule("duties-told", TOLD_KEPT_FOR, reminders.forget_told_before, tables=("duties_told",)),
    )
