"""How long printings are kept: like the letters that were in them."""

from datetime import timedelta

from services.notifier.printings import repository
from shared.retention import Rule


def retention_rules(letters_kept: timedelta) -> tuple[Rule, ...]:
    """The fact of each letter stays with its delivery; a pile is of no use once its letters' words are gone."""
    return (Rule("printings", letters_kept, repository.forget_before, tables=("printings", "printed_letters"), setting="letters_kept"),)
