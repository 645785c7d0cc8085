"""Which cluster answers on a port of this machine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.kafka import probe

NO_ANSWER = (KafkaError, OSError, TimeoutError)


def cluster_id(port: int, timeout: float) -> str | None:
    """The cluster that the broker on the port serves; None when nothing answers within `timeout` seconds, or the broker isn't in
    service yet: it names no broker then, itself included."""
    if probe.is_free(port):
        return None
    # A loop in a thread of its own: the caller may run inside a loop, or without one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _described(port, timeout)).result()


async def _described(port: int, timeout: float) -> str | None:
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{probe.HOST}:{port}", request_timeout_ms=int(timeout * 1000))
    try:
        async with asyncio.timeout(timeout):
            await admin.start()
            cluster = await admin.describe_cluster()
    except NO_ANSWER:
        return None
    finally:
        with suppress(*NO_ANSWER):
            await admin.close()
    return cluster["cluster_id"] if cluster["brokers"] else None
