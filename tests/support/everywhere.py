"""Looks for texts wherever the product keeps something: every table of every schema, every topic, the logs, the data folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

WORDS: Final = {"text", "character varying", "jsonb", "json", "bytea", "ARRAY"}
"""The types that can hold words."""


async def tables(database_url: str) -> dict[str, list[tuple[str, str]]]:
    """The columns, with their types, of every table of every schema of ours."""
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(
        """
        SELECT table_schema || '.' || table_name AS name, column_name, data_type
        FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, ordinal_position
        """
    )
    await connection.close()
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append((row["column_name"], row["data_type"]))
    return found


async def in_tables(database_url: str, texts: Sequence[str]) -> list[str]:
    """`schema.table.column: text` for each place that has one of the texts, whatever its case."""
    found: list[str] = []
    every = await tables(database_url)
    connection = await asyncpg.connect(database_url)
    for table, columns in every.items():
        looks = [_look(table, column, kind) for column, kind in columns if kind in WORDS]
        # Words in bytes are what they are there: no case to fold without knowing their encoding.
        rows = await connection.fetch(
            " UNION ALL ".join([_NOTHING, *looks]), [text.lower() for text in texts], [text.encode() for text in texts]
        )
        found += [f"{table}.{row['name']}: {row['number']}" for row in rows]
    await connection.close()
    return [f"{place.rpartition(': ')[0]}: {texts[int(place.rpartition(': ')[2]) - 1]}" for place in found]


_NOTHING: Final = "SELECT '' AS name, 0::bigint AS number WHERE cardinality($1::text[]) + cardinality($2::bytea[]) < 0"


def _look(table: str, column: str, kind: str) -> str:
    texts, place = ("$2::bytea[]", f'"{column}"') if kind == "bytea" else ("$1::text[]", f'lower("{column}"::text)')
    return f"""
        SELECT '{column}', w.number FROM unnest({texts}) WITH ORDINALITY AS w(text, number)
        WHERE EXISTS (SELECT FROM {table} WHERE position(w.text IN {place}) > 0)
    """


def in_files(folder: Path, texts: Sequence[str], skip: Sequence[Path] = ()) -> Iterator[str]:
    """`file: text` for each file below the folder that has one of the texts."""
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(skipped) for skipped in skip):
            content = path.read_bytes().lower()
            yield from (f"{path.relative_to(folder)}: {text}" for text in texts if text.lower().encode() in content)


async def kafka_messages(bootstrap: str, topics: Sequence[str]) -> dict[str, list[tuple[bytes, bytes | None]]]:
    """Key and value of everything on Kafka's topics, in the order of their partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    kept: dict[str, list[tuple[bytes, bytes | None]]] = {topic: [] for topic in topics}
    partitions = [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()]
    if not partitions:
        partitions = [TopicPartition(topic, number) for topic in topics for number in sorted(await _partitions(consumer, topic))]
    ends = await consumer.end_offsets(partitions)
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for partition, records in (await consumer.getmany(timeout_ms=500)).items():
            kept[partition.topic] += [(record.key, record.value) for record in records]
    await consumer.stop()
    return kept


async def _partitions(consumer: Any, topic: str) -> set[int]:
    await consumer._client.add_topic(topic)
    return set(consumer.partitions_for_topic(topic) or ())
