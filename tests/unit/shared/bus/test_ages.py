"""How old may be what a client holds of the topics: new partitions are read within the time that is promised, by whatever reads."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shared.bus import processor
from shared.bus.interface import NEW_PARTITIONS_WITHIN
from shared.bus.kafka import consumer, ending

PROJECT = Path(__file__).parents[4]

CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaClient"}
LOOPS = {"consumer", "Processor", "KafkaConsumer", "EmbeddedConsumer"}


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """The product's calls of those above: the file, the last part of what is called, the call."""
    return list(_calls(CLIENTS | LOOPS))


def _calls(names: set[str]) -> Iterator[tuple[str, str, ast.Call]]:
    called = re.compile(rf"\b({'|'.join(names)})\(")
    for folder in ("shared", "services", "deploy"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            text = path.read_text()
            if not called.search(text):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in names:
                        yield str(path.relative_to(PROJECT)), name, node


def test_what_a_client_holds_of_the_topics_is_younger_than_the_promise() -> None:
    looked = processor.LOOK_EVERY + processor.FETCH_WAIT.total_seconds()
    assert looked < NEW_PARTITIONS_WITHIN.total_seconds()
    # On Kafka a group joins anew after it has noticed, and waits for a member that was killed as long as its session lasts.
    assert ending.METADATA_MAX_AGE + consumer.SESSION + processor.FETCH_WAIT < NEW_PARTITIONS_WITHIN


def test_every_client_of_kafka_is_made_where_its_age_is_set() -> None:
    made = {(file, name): {word.arg for word in call.keywords} for file, name, call in calls() if name in CLIENTS}
    # These last for one question.
    for brief in (("shared/bus/kafka/bus.py", "AIOKafkaConsumer"), ("shared/bus/kafka/bus.py", "AIOKafkaAdminClient")):
        made.pop(brief)
    made.pop(("deploy/kafka/cluster.py", "AIOKafkaAdminClient"))
    assert made.keys() == {("shared/bus/kafka/consumer.py", "AIOKafkaConsumer"), ("shared/bus/kafka/publisher.py", "AIOKafkaProducer")}
    assert all("metadata_max_age_ms" in words for words in made.values())


def test_every_group_of_every_service_reads_by_one_loop() -> None:
    """The replay reads to an end that it has seen, in a group of its own that nobody has after it."""
    assert {file for file, name, _ in calls() if name == "consumer"} == {"shared/worker.py", "services/thresholds/proof/replaying.py"}
    assert {file for file, name, _ in calls() if name == "Processor"} == {"shared/worker.py"}
    assert {file for file, name, _ in calls() if name in {"KafkaConsumer", "EmbeddedConsumer"}} == {
        "shared/bus/kafka/bus.py",
        "shared/bus/embedded/bus.py",
    }
