"""The machine without us: Kafka's produce and consume alone, PostgreSQL's upsert alone."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 8


async def create_topic(bootstrap: str, name: str) -> None:
    """A topic for one measurement."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    await admin.close()


async def produce(bootstrap: str, topic: str, value: bytes, count: int, *, at_once: int) -> float:
    """Seconds to produce `count` messages with all acks, so many in flight at once."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, compression_type="lz4")
    await producer.start()
    left = count

    async def sender(key: bytes) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await producer.send_and_wait(topic, value, key=key)

    started = time.perf_counter()
    await asyncio.gather(*(sender(str(n).encode()) for n in range(at_once)))
    seconds = time.perf_counter() - started
    await producer.stop()
    return seconds


async def consume(bootstrap: str, topic: str, count: int) -> float:
    """Seconds to consume `count` messages from the beginning."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    got = 0
    started = time.perf_counter()
    while got < count:
        got += sum(len(batch) for batch in (await consumer.getmany(timeout_ms=1000)).values())
    seconds = time.perf_counter() - started
    await consumer.stop()
    return seconds


async def upsert(url: str, schools: int, students: int, row_bytes: int, batch_schools: int, rounds: int) -> list[float]:
    """Seconds of each round of upserting one packed row for every student, through asyncpg alone. The first round is cold."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA raw")
    await connection.execute(
        """
        CREATE TABLE raw.register (school text COLLATE "C", term text COLLATE "C", student text COLLATE "C", marks bytea,
            absent_half_days smallint, level smallint, PRIMARY KEY (school, term, student)) WITH (fillfactor = 50)
        """
    )
    load = """
        SELECT r.* FROM unnest($1::text[], $2::text[], $3::text[]) AS w(school, term, student)
        JOIN raw.register r USING (school, term, student)
    """
    save = """
        INSERT INTO raw.register SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::smallint[])
        ON CONFLICT (school, term, student) DO UPDATE SET marks = excluded.marks, absent_half_days = excluded.absent_half_days
    """
    seconds = []
    for number in range(rounds):
        size = row_bytes * (number + 1)
        started = time.perf_counter()
        for first in range(0, schools, batch_schools):
            keys = [
                (f"{1000 + school:04}", "2026-T4", str(10_000 + student))
                for school in range(first, min(first + batch_schools, schools))
                for student in range(students)
            ]
            columns = [list(column) for column in zip(*keys, strict=True)]
            marks = [number.to_bytes(1, "big") * size] * len(keys)
            async with connection.transaction():
                await connection.fetch(load, *columns)
                await connection.execute(save, *columns, marks, [number] * len(keys), [0] * len(keys))
        seconds.append(time.perf_counter() - started)
    await connection.execute("DROP SCHEMA raw CASCADE")
    await connection.close()
    return seconds
