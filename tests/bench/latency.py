"""From a POST to the crossing event on its topic, while marks flow steadily."""

import asyncio
import time

import msgspec
from aiokafka import AIOKafkaConsumer

from tests.bench import schools
from tests.bench.load import Connection, post
from tests.bench.product import Product

MARKS_A_SECOND = 500
ROLL = 25
SECONDS = 20


async def post_to_crossing(product: Product, first_school: int) -> list[float]:
    """Seconds from sending a mark that crosses a threshold to reading its event, sorted.

    Rolls of 25 marks at a steady rate; in each, one student who stands one half day under a threshold is marked absent.
    """
    half_days = list(schools.half_days())
    rolls = MARKS_A_SECOND // ROLL * SECONDS
    per_school = schools.STUDENTS // ROLL
    school_count = -(-rolls // per_school)
    connection = Connection("127.0.0.1", product.ingest_port)
    for school in range(first_school, first_school + school_count):
        for day, session in half_days[:9]:
            path = f"/v1/schools/{schools.number(school)}/marks"
            await connection.send(post(path, product.token, _absent_at_the_head_of_rolls(day, session)))
    base = await product.folded()
    consumer = AIOKafkaConsumer("star.crossings.v1", bootstrap_servers=product.broker.bootstrap, auto_offset_reset="latest")
    await consumer.start()
    await consumer.seek_to_end()
    seen: dict[tuple[str, str], float] = {}
    sent: dict[tuple[str, str], float] = {}

    async def read() -> None:
        while len(seen) < rolls:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                now = time.perf_counter()
                for record in batch:
                    data = msgspec.json.decode(record.value)
                    seen[data["school"], data["student"]] = now

    reading = asyncio.create_task(read())
    await asyncio.sleep(2)
    connections = [Connection("127.0.0.1", product.ingest_port) for _ in range(4)]
    day, session = half_days[9]
    started = time.perf_counter()
    sending: set[asyncio.Task[int]] = set()
    for number in range(rolls):
        await asyncio.sleep(max(started + number * ROLL / MARKS_A_SECOND - time.perf_counter(), 0))
        school, part = first_school + number // per_school, number % per_school
        body = schools.roll(day, session, first=part * ROLL, count=ROLL, second=30, absent_every=1)
        sent[schools.number(school), str(10_000 + part * ROLL)] = time.perf_counter()
        request = post(f"/v1/schools/{schools.number(school)}/marks", product.token, body)
        sending.add(asyncio.create_task(_send(connections[number % 4], request)))
    await asyncio.gather(*sending)
    await asyncio.wait_for(reading, 60)
    await consumer.stop()
    await product.drained(base)
    return sorted(seen[place] - moment for place, moment in sent.items())


_locks: dict[int, asyncio.Lock] = {}


async def _send(connection: Connection, request: bytes) -> int:
    async with _locks.setdefault(id(connection), asyncio.Lock()):
        return await connection.send(request)


def _absent_at_the_head_of_rolls(day: object, session: str) -> bytes:
    marks = [
        {
            "student": str(10_000 + student),
            "date": str(day),
            "session": session,
            "code": "M",
            "recorded_at": schools.RECORDED.isoformat(),
        }
        for student in range(0, schools.STUDENTS, ROLL)
    ]
    return msgspec.json.encode({"marks": marks})
