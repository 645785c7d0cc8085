"""The four APIs as they are served, in a thread of their own, so that Hypothesis asks them as any client does."""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from shared.clock import utc_now
from tests.integration.apis.four_apis import FourApis, Operation, four_apis

EXAMPLES: Final = int(os.environ.get("EXAMPLES", "4"))
"""Cases of each operation and parser; `make fuzz` takes more."""

SCOPES: Final = ("marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops")
TERM: Final = {"name": "Example Kura", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}]}


@dataclass
class Ground:
    """The addresses, what the documents say, and the headers of a token that may do everything."""

    urls: Mapping[str, str]
    operations: list[Operation]
    documents: Mapping[str, dict[str, object]]
    headers: dict[str, str]
    http: httpx.Client


@contextmanager
def served(database_url: str, data: Path) -> Iterator[Ground]:
    """Serves them while the context lasts, with one school."""
    loop = asyncio.new_event_loop()
    stop, ready = asyncio.Event(), threading.Event()
    found: list[FourApis] = []
    documents: dict[str, dict[str, object]] = {}

    async def run() -> None:
        async with four_apis(database_url, data, utc_now) as apis:
            for service, url in apis.urls.items():
                documents[service] = (await apis.http.get(f"{url}/openapi.json")).json()
            found.append(apis)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(60)
    [apis] = found
    headers = apis.token(*SCOPES, schools=("*",), subject="fuzz")
    with httpx.Client(timeout=60) as http:
        http.put(f"{apis.urls['ingest']}/v1/schools/0999", json=TERM, headers=headers).raise_for_status()
        yield Ground(apis.urls, apis.operations, documents, headers, http)
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)
    loop.close()
