"""The demo's output: a moving bar on a terminal, a few plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class _LastingConsole(Console):
    """Goes on without a reader: by default rich would end the process, and with it the services."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Screen:
    """Writes to a console."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _LastingConsole(highlight=False)

    def say(self, text: str = "") -> None:
        """A line, never broken, so that addresses and commands in it can be copied."""
        self._console.print(text, soft_wrap=True, markup=False)

    def heading(self, text: str) -> None:
        """A line that begins a part."""
        self._console.print(text, soft_wrap=True, markup=False, style="bold")

    def facts(self, rows: list[tuple[str, str]]) -> None:
        """Names and values, in two columns."""
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self.say(f"  {name.ljust(width)}  {value}")

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Advance]:
        """Shows how far something is, while it goes on."""
        if not self._console.is_terminal:
            self.say(text)
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(text, total=total)
            yield lambda count: progress.advance(task, count)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Shows that something goes on whose length is not known."""
        if not self._console.is_terminal:
            self.say(text)
            yield
            return
        with self._console.status(text):
            yield
        self.say(text)
