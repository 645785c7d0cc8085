"""`make bench`: prints the figures and writes them to bench-results.json."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from shared.events.catalogue import MARKS_RECORDED
from tests.bench import raw, schools
from tests.bench.analysis import bench_analysis
from tests.bench.latency import post_to_crossing
from tests.bench.load import post, send_all
from tests.bench.product import Product, running_product
from tests.bench.results import Results

SCHOOLS = 60
LATENCY_SCHOOLS = 25
SINGLES = 4_000
CONNECTIONS = 4
SINGLE_CONNECTIONS = 32
WARM_ROUNDS = 4


async def bench_ingest(product: Product, results: Results) -> None:
    """Marks through the door, beside what Kafka takes by itself."""
    half_days = list(schools.half_days())
    results.heading("The door: POST to 202 with all acks")
    big = await raw_produce(product, results, schools.roll(*half_days[0]), 400, "a roll of 500 marks", CONNECTIONS, marks=500)
    requests = [
        post(f"/v1/schools/{schools.number(school)}/marks", product.token, schools.roll(day, session))
        for day, session in half_days[:4]
        for school in range(SCHOOLS)
    ]
    seconds = await send_all("127.0.0.1", product.ingest_port, requests, CONNECTIONS)
    rate = len(requests) * schools.STUDENTS / seconds
    results.add("ingest, batches of 500", rate, "marks/s")
    results.ratio("  of Kafka's produce alone", rate, big)
    one = schools.roll(*half_days[4], count=1)
    small = await raw_produce(product, results, one, SINGLES, "a single mark", SINGLE_CONNECTIONS, marks=1)
    singles = [
        post(f"/v1/schools/{schools.number(n % SCHOOLS)}/marks", product.token, schools.roll(*half_days[4], first=n // SCHOOLS, count=1))
        for n in range(SINGLES)
    ]
    rate = SINGLES / await send_all("127.0.0.1", product.ingest_port, singles, SINGLE_CONNECTIONS)
    results.add("ingest, single marks", rate, "marks/s")
    results.ratio("  of Kafka's produce alone", rate, small)


async def raw_produce(product: Product, results: Results, value: bytes, count: int, what: str, at_once: int, *, marks: int) -> float:
    """Kafka alone: produces, then consumes."""
    topic = f"bench-{what.replace(' ', '-')}"
    await raw.create_topic(product.broker.bootstrap, topic)
    rate = count * marks / await raw.produce(product.broker.bootstrap, topic, value, count, at_once=at_once)
    results.add(f"Kafka alone, produce {what}", rate, "marks/s")
    rate_in = count * marks / await raw.consume(product.broker.bootstrap, topic, count)
    results.add(f"Kafka alone, consume {what}", rate_in, "marks/s")
    return rate


async def bench_thresholds(product: Product, results: Results) -> None:
    """Marks from the topic into the register, one mark a student, beside the upsert alone."""
    results.heading("The heart: topic to register, one mark a student")
    half_days = list(schools.half_days())
    marks = SCHOOLS * schools.STUDENTS
    alone = await raw.upsert(product.database_url, SCHOOLS, schools.STUDENTS, 17, 8, WARM_ROUNDS + 1)
    results.add("PostgreSQL alone, read and upsert, cold", marks / alone[0], "rows/s")
    warm_alone = marks / statistics.median(alone[1:])
    results.add("PostgreSQL alone, read and upsert, warm", warm_alone, "rows/s")
    # A new term's first roll makes every row; the schools of this part have not been marked before.
    rates = []
    for number, (day, session) in enumerate(half_days[10 : 11 + WARM_ROUNDS]):
        product.thresholds.stop()
        requests = [
            post(f"/v1/schools/{schools.number(SCHOOLS + school)}/marks", product.token, schools.roll(day, session, second=number))
            for school in range(SCHOOLS)
        ]
        await send_all("127.0.0.1", product.ingest_port, requests, CONNECTIONS)
        product.thresholds.launch()
        product.thresholds.await_health()
        while await product.folded() == 0:
            await asyncio.sleep(0.01)
        begun, at = await product.folded(), time.perf_counter()
        rates.append((marks - begun) / (await product.drained(marks) - at))
    results.add("thresholds, cold (every row is new)", rates[0], "marks/s")
    results.ratio("  of the upsert alone", rates[0], marks / alone[0])
    warm = statistics.median(rates[1:])
    results.add("thresholds, warm", warm, "marks/s")
    results.ratio("  of the upsert alone", warm, warm_alone)


async def bench_latency(product: Product, results: Results) -> None:
    """From POST to the crossing event."""
    results.heading("POST to crossing event, at a steady 500 marks a second")
    seconds = await post_to_crossing(product, 2 * SCHOOLS)
    for share in (50, 99):
        results.add(f"p{share}", seconds[min(len(seconds) * share // 100, len(seconds) - 1)] * 1000, "ms")
    results.add("crossings", len(seconds), "events")


async def main() -> None:
    """Runs all benchmarks on one set of servers."""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-bench-", ignore_cleanup_errors=True) as folder, running_product(Path(folder)) as product:
        product.send_schools(2 * SCHOOLS + LATENCY_SCHOOLS)
        await bench_ingest(product, results)
        await product.drained(SCHOOLS * schools.STUDENTS * 4 + SINGLES)
        await bench_thresholds(product, results)
        await bench_latency(product, results)
    await bench_analysis(results)
    path = Path("bench-results.json")
    results.write(path)
    print(f"\nwritten to {path}; topic {MARKS_RECORDED.topic.name}")


if __name__ == "__main__":
    uvloop.run(main())
