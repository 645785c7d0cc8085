"""How long it is kept what recalculations and the ends of days were about."""

from datetime import timedelta

from services.thresholds.recalculation.repository import recalculations
from shared.retention import Rule
from shared.worklist.retention import gone_with_their_items


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """A day's end goes with its work item; a recalculation some time after it has ended."""
    return (
        gone_with_their_items("day-ends", "day_ends"),
        Rule("recalculations", keep_for, recalculations.forget_ended_before, tables=("recalculations",), setting="work_kept"),
    )
