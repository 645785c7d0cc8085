"""The rights of each service on a broker that asks for names: the topics it reads and writes, and the commands that grant them.

A service's groups all begin with its schema's name and a full stop. A reader of a topic may write it, too: a dead letter that is redriven
goes back to the topic that it came from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from deploy.services import schema_of
from shared.events.topics import (
    APPROACHES,
    CROSSINGS,
    DEAD_LETTERS,
    EFFECTS,
    ERASURES,
    LETTER_HOLDS,
    LETTERS,
    MARKS,
    PLANS,
    PROPOSALS,
    REPLIES,
    RESPONSES,
    SCHOOLS,
    STANDINGS,
    STATEMENT_REQUESTS,
    STATEMENTS,
    STUDENTS,
    Topic,
)
from shared.settings import ServiceName


@dataclass(frozen=True, slots=True)
class Rights:
    """The topics that a service's groups read, and those of the events that it makes."""

    reads: frozenset[Topic]
    makes: frozenset[Topic]

    @property
    def writes(self) -> frozenset[Topic]:
        """All topics that the service has to be able to write."""
        return self.reads | self.makes | {DEAD_LETTERS}


RIGHTS: Final[Mapping[ServiceName, Rights]] = MappingProxyType(
    {
        "ingest": Rights(frozenset({EFFECTS, ERASURES}), frozenset({MARKS, SCHOOLS, STUDENTS, PROPOSALS, ERASURES, DEAD_LETTERS})),
        "thresholds": Rights(
            frozenset({MARKS, SCHOOLS, STUDENTS, PROPOSALS, REPLIES, LETTERS, STATEMENT_REQUESTS, ERASURES, DEAD_LETTERS}),
            frozenset({MARKS, CROSSINGS, APPROACHES, STANDINGS, RESPONSES, LETTER_HOLDS, STATEMENTS, PLANS, EFFECTS}),
        ),
        "notifier": Rights(
            frozenset({SCHOOLS, STUDENTS, CROSSINGS, APPROACHES, STANDINGS, RESPONSES, LETTER_HOLDS, STATEMENTS, PLANS, ERASURES}),
            frozenset({REPLIES, LETTERS, STATEMENT_REQUESTS}),
        ),
        "moe-sync": Rights(frozenset({SCHOOLS, STUDENTS, CROSSINGS, RESPONSES, ERASURES}), frozenset()),
    }
)

OPERATOR: Final = "operator"
"""The name of the person who runs `star migrate`, `star doctor` and `star lag`."""


def commands(bootstrap: str, principals: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """The `kafka-acls` commands that give each principal its rights, as words.

    `principals` has Kafka's name of each service and of the operator (`User:star-ingest`, `User:CN=ingest`).
    """
    for service, rights in RIGHTS.items():
        principal = principals[service]
        group = ("--group", f"{schema_of(service)}.", "--resource-pattern-type", "prefixed")
        yield _add(bootstrap, principal, ("Read", "Describe"), _topics(rights.reads))
        yield _add(bootstrap, principal, ("Read", "Describe"), group)
        yield _add(bootstrap, principal, ("Write", "Describe"), _topics(rights.writes))
    operator = principals[OPERATOR]
    ours = ("--topic", "star.", "--resource-pattern-type", "prefixed")
    # The age of the message that a group has not read yet is in the message.
    yield _add(bootstrap, operator, ("Create", "Describe", "DescribeConfigs", "Read"), ours)
    yield _add(bootstrap, operator, ("Describe",), ("--group", "*"))


def _add(bootstrap: str, principal: str, operations: Sequence[str], on: Sequence[str]) -> Sequence[str]:
    allowed = [word for operation in operations for word in ("--operation", operation)]
    return ("kafka-acls", "--bootstrap-server", bootstrap, "--add", "--allow-principal", principal, *allowed, *on)


def _topics(topics: frozenset[Topic]) -> Sequence[str]:
    return [word for name in sorted(topic.name for topic in topics) for word in ("--topic", name)]
