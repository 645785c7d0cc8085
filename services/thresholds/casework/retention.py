"""How long casework is kept: as long as the register and the records that it is about."""

from datetime import timedelta

from services.thresholds.casework import repository as casework
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """One rule for contacts, meetings and support plans."""
    return (Rule("casework", keep_for, casework.forget_before, 500, tables=("casework", "casework_versions"), setting="register_kept"),)
