"""Reads a batch of messages into events, and sets aside those that no reader can understand."""

from collections.abc import Iterable
from typing import Final

from shared.bus.interface import Message
from shared.deadletters.letter import DeadLetter
from shared.events.envelope import Event, PoisonMessageError, Tombstone, decode

WRONG_TYPE: Final = "wrong-type"
"""The reason for an event that belongs on the topic, and that its reader has no use for."""


def read_events(messages: Iterable[Message]) -> tuple[list[tuple[Message, Event | Tombstone]], list[DeadLetter]]:
    """The readable messages with what they say, in order, and a dead letter for each of the others.

    An event on a topic that is not its own is a dead letter too (`wrong-topic`): nobody there would know what to do with it.
    """
    read: list[tuple[Message, Event | Tombstone]] = []
    poison: list[DeadLetter] = []
    for message in messages:
        try:
            content = decode(message)
        except PoisonMessageError as error:
            poison.append(DeadLetter(message, error.reason, error.detail))
            continue
        if isinstance(content, Event) and content.type.topic.name != message.topic:
            poison.append(DeadLetter(message, "wrong-topic", f"{content.type.name} does not belong on this topic"))
            continue
        read.append((message, content))
    return read, poison
