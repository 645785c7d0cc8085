"""How long it is remembered that letters came back from an address which is good again."""

from datetime import timedelta

from services.notifier.contacts.repository import bad_addresses
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """One rule. An address that is bad now is kept as long as a caregiver has it."""
    return (Rule("bad-addresses", keep_for, bad_addresses.forget_cleared_before, tables=("bad_addresses",), setting="letters_kept"),)
