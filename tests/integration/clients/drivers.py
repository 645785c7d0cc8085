"""The three clients behind one face, so that each test holds all of them to the same."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from star_client import AsyncFeed, AsyncStar, Feed, Star, StarError

from tests.support.node import node
from tests.support.typescript_client import built

RECORD: Final = "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"
RESPONSE: Final[Any] = {"activity": "conversation-with-whanau", "occurred_on": "2026-10-19", "staff": "Ms Example"}

Call = tuple[str, ...]
"""`read`, `post` (with a key, or without), `events` after 77, or `feed`, to its end."""


@dataclass(frozen=True)
class Story:
    """The way a client is set up, and its calls: one after the other, or together. One token is a text, several come from a function."""

    url: str
    calls: Sequence[Call]
    tokens: Sequence[str] = ("fixed",)
    tries: int = 5
    together: bool = False
    cursor: str = ""


@dataclass(frozen=True)
class Told:
    """The seconds that the client would have waited, how many tokens it asked for, and what each call came to."""

    waits: list[float]
    drawn: int
    outcomes: list[dict[str, Any]]


def refusal(error: StarError) -> dict[str, Any]:
    return {"status": error.status, "kind": error.kind, "read_from": error.read_from}


def python(story: Story) -> Told:
    waits: list[float] = []
    left = list(story.tokens)
    token: str | Callable[[], str] = left[0] if len(left) == 1 else lambda: left.pop(0)

    with Star(story.url, token, tries=story.tries, sleep=waits.append) as star:
        todo: dict[str, Callable[..., Any]] = {
            "read": lambda: star.get_star_record(RECORD),
            "events": lambda: star.list_events(after="77"),
            "post": lambda key=None: star.add_response(RECORD, RESPONSE, idempotency_key=key),
            "feed": lambda: [event["id"] for event in Feed(star, Path(story.cursor))],
        }

        def outcome(call: Call) -> dict[str, Any]:
            try:
                return {"data": todo[call[0]](*call[1:])}
            except StarError as error:
                return refusal(error)
            except httpx.TransportError:
                return {"lost": True}

        with ThreadPoolExecutor(len(story.calls) if story.together else 1) as pool:
            outcomes = list(pool.map(outcome, story.calls))
    return Told(waits, len(story.tokens) - len(left), outcomes)


def python_async(story: Story) -> Told:
    return asyncio.run(_python_async(story))


async def _python_async(story: Story) -> Told:
    waits: list[float] = []
    left = list(story.tokens)

    async def drawn() -> str:
        await asyncio.sleep(0)
        return left.pop(0)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with AsyncStar(story.url, left[0] if len(left) == 1 else drawn, tries=story.tries, sleep=sleep) as star:

        async def feed() -> list[str]:
            return [event["id"] async for event in AsyncFeed(star, Path(story.cursor))]

        todo: dict[str, Callable[..., Awaitable[Any]]] = {
            "read": lambda: star.get_star_record(RECORD),
            "events": lambda: star.list_events(after="77"),
            "post": lambda key=None: star.add_response(RECORD, RESPONSE, idempotency_key=key),
            "feed": feed,
        }

        async def outcome(call: Call) -> dict[str, Any]:
            try:
                return {"data": await todo[call[0]](*call[1:])}
            except StarError as error:
                return refusal(error)
            except httpx.TransportError:
                return {"lost": True}

        if story.together:
            outcomes = list(await asyncio.gather(*map(outcome, story.calls)))
        else:
            outcomes = [await outcome(call) for call in story.calls]
    return Told(waits, len(story.tokens) - len(left), outcomes)


_built = cache(built)


def typescript(story: Story) -> Told:
    told = {**vars(story), "client": _built().as_uri()}
    driver = Path(__file__).with_name("driver.mjs")
    done = subprocess.run([*node(), driver], input=json.dumps(told), capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return Told(**json.loads(done.stdout))
