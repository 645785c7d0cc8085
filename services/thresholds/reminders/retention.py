"""How long it is kept which reminders were due, and who was told of what."""

from datetime import timedelta
from typing import Final

from services.thresholds.reminders import repository as reminders
from shared.retention import Rule
from shared.worklist.retention import gone_with_their_items

TOLD_KEPT_FOR: Final = timedelta(days=400)
"""A thing that waits longer than a school year is said once more."""


def retention_rules() -> tuple[Rule, ...]:
    """A morning goes with its work item."""
    return (
        gone_with_their_items("reminders", "reminders"),
        Rule("duties-told", TOLD_KEPT_FOR, reminders.forget_told_before, tables=("duties_told",)),
    )
