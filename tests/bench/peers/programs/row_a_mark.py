"""The service that one would write first: aiokafka, a row of PostgreSQL for each mark, totals by SQL, at least once."""

import asyncio
import json
import os

import asyncpg
import rule
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

TABLES = """
CREATE TABLE IF NOT EXISTS mark (
    school text, student text, slot text, recorded_at text NOT NULL, code text NOT NULL, PRIMARY KEY (school, student, slot)
);
CREATE TABLE IF NOT EXISTS student (school text, student text, level int NOT NULL, PRIMARY KEY (school, student));
"""
SAVE = """
INSERT INTO mark SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (school, student, slot) DO UPDATE SET recorded_at = excluded.recorded_at, code = excluded.code
WHERE excluded.recorded_at > mark.recorded_at
"""
COUNT = """
WITH touched AS (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS t(school, student)),
counted AS (
    SELECT school, student, count(*) FILTER (WHERE code = 'T') AS absent FROM touched JOIN mark USING (school, student)
    GROUP BY school, student
)
SELECT school, student, absent, coalesce(level, 0) AS level FROM counted LEFT JOIN student USING (school, student)
"""
LEVELS = """
INSERT INTO student SELECT * FROM unnest($1::text[], $2::text[], $3::int[])
ON CONFLICT (school, student) DO UPDATE SET level = excluded.level
"""


async def work(connection, producer, records):
    """One batch: its marks, the totals of their students, and the crossings."""
    newest = {}
    for record in records:
        roll = json.loads(record.value)
        for mark in roll["marks"]:
            key = roll["school"], mark["student"], f"{mark['date']} {mark['session']}"
            if key not in newest or newest[key][0] < mark["recorded_at"]:
                newest[key] = mark["recorded_at"], mark["code"]
    rows = sorted((*key, *value) for key, value in newest.items())
    async with connection.transaction():
        await connection.execute(SAVE, *map(list, zip(*rows, strict=True)))
        crossings = []
        for school, student, absent, before in await connection.fetch(COUNT, [row[0] for row in rows], [row[1] for row in rows]):
            if rule.level(absent) != before:
                crossings.append((school, student, rule.level(absent)))
        if crossings:
            await connection.execute(LEVELS, *map(list, zip(*sorted(crossings), strict=True)))
    for school, student, level in crossings:
        value = json.dumps({"school": school, "student": student, "level": level}).encode()
        await producer.send(rule.OUTPUT, value, key=school.encode())
    await producer.flush()


async def main():
    """Runs until it is ended."""
    connection = await asyncpg.connect(os.environ["DATABASE"])
    await connection.execute("SELECT pg_advisory_lock(1)")
    await connection.execute(TABLES)
    await connection.execute("SELECT pg_advisory_unlock(1)")
    producer = AIOKafkaProducer(bootstrap_servers=rule.BOOTSTRAP, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(
        rule.INPUT, bootstrap_servers=rule.BOOTSTRAP, group_id="row-a-mark", auto_offset_reset="earliest", enable_auto_commit=False
    )
    await producer.start()
    await consumer.start()
    while True:
        records = [record for part in (await consumer.getmany(timeout_ms=200, max_records=500)).values() for record in part]
        if records:
            await work(connection, producer, records)
            await consumer.commit()


if __name__ == "__main__":
    asyncio.run(main())
