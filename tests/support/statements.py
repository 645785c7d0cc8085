"""Counts the statements that a database is asked for, each set of parameters on its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


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
