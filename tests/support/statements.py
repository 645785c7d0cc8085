"""Counts the statements that a database is asked for, each set of parameters on its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.background import BackgroundTask


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements that the engine executes meanwhile. One that is given many sets of parameters is there for each of them."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, is_many: bool) -> None:
        seen.extend([statement] * (len(parameters) if is_many else 1))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@contextmanager
def round_trips(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements that the engine executes meanwhile, one that is given many sets of parameters counted once: the driver sends all of
    them before it waits."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@contextmanager
def before_answers() -> Iterator[list[str]]:
    """The statements of all engines that requests to servers in this process make before they are answered.

    Left out are those of the servers' own loops, and the work that waits until an answer has gone.
    """
    seen: list[str] = []
    behind: set[asyncio.Task[Any] | None] = set()
    run = BackgroundTask.__call__

    async def run_behind(self: BackgroundTask) -> None:
        behind.add(asyncio.current_task())
        await run(self)

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        task = asyncio.current_task()
        if task not in behind and getattr(task and task.get_coro(), "__qualname__", "") == "RequestResponseCycle.run_asgi":
            seen.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BackgroundTask, "__call__", run_behind)
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
