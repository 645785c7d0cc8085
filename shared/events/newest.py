"""The newer of two states of one thing that one batch brings: a record that is sent again comes behind newer ones."""

from typing import TypeVar

from shared.events.data import SchoolUpdated, StudentUpdated

Update = TypeVar("Update", SchoolUpdated, StudentUpdated)


def newest(kept: Update | None, sent: Update) -> Update:
    """The state with the later moment of its source; of two with the same, the one that was sent last."""
    return sent if kept is None or kept.updated_at <= sent.updated_at else kept
