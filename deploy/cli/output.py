"""How commands print: tables for people, JSON for programs."""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import click

from shared.telemetry.logging import configure_logging

WIDE: Final = 200


def local_time(at: str | datetime | None) -> str:
    """A time as the clock on the wall here shows it, to the minute; empty for none. JSON has times with their offsets instead."""
    if at is None:
        return ""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def keep_logs_out() -> None:
    """Has the log say only what is critical, on standard error: what a command finds is printed, and nothing else."""
    configure_logging("console")
    # The handlers, too: some libraries' loggers have levels of their own.
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.CRITICAL)
    logging.getLogger().setLevel(logging.CRITICAL)


def print_json(value: Any) -> None:
    """Prints the value, two blanks an indent."""
    click.echo(json.dumps(value, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints a table; as wide as it is where nobody watches."""
    # Imported only where it is used: `star --help` need not wait for it.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=title, show_header=any(columns))
    for column in columns:
        # An id is there to be copied.
        table.add_column(column, overflow="fold", no_wrap=column == "id")
    for row in rows:
        # Texts of others hold no markup of ours.
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console(highlight=False)
    # Into a pipe or file, lines are as long as they are.
    (console if console.is_terminal else Console(highlight=False, width=WIDE)).print(table)
