"""Traces: which work came of which request, from a POST to the letter. Off, and at no cost, until a process begins them.

A span's context travels as W3C Trace Context has it (`traceparent`): in a request's header, in a message's, and beside an item of work. A
batch whose members come of several traces is a span of its own that links to each, as OpenTelemetry's conventions for messaging have it.
Spans hold names of operations, topics, groups and kinds of work: no path, no key and no text of an error, which could name a person.
"""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Literal, Protocol

HEADER: Final = "traceparent"
SERVER_SETTING: Final = "star.traceparent"
"""The setting of a database's transaction that has the current span: the default of columns that keep it."""

_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header."""

Kind = Literal["server", "client", "consumer", "internal"]


class Span(Protocol):
    """A piece of work that is under way."""

    def called(self, name: str) -> None:
        """Names it, once its name is known."""

    def note(self, name: str, value: str | int) -> None:
        """Adds an attribute."""

    def failed(self, why: str) -> None:
        """Says that it failed. `why` is a word of ours, or an error's class."""


class Tracer(Protocol):
    """Makes spans for one process."""

    def span(
        self, service: str, name: str, kind: Kind, parents: Collection[str], attributes: Mapping[str, str | int]
    ) -> AbstractContextManager[Span]:
        """A span that is current within the `with`. An error that leaves it fails it."""

    def traceparent(self) -> str | None:
        """The current span."""

    def close(self) -> None:
        """Sends what has not been sent."""


class _NoSpan:
    def called(self, name: str) -> None: ...

    def note(self, name: str, value: str | int) -> None: ...

    def failed(self, why: str) -> None: ...


_NO_SPAN: Final = nullcontext[Span](_NoSpan())
_tracer: Tracer | None = None


def trace_by(tracer: Tracer) -> Callable[[], None]:
    """Begins tracing in this process, before its apps and engines are made; answers how to end it."""
    global _tracer  # noqa: PLW0603 - a process traces or does not, as it logs
    _tracer = tracer

    def end() -> None:
        global _tracer  # noqa: PLW0603
        _tracer = None
        tracer.close()

    return end


def traces() -> bool:
    """Whether this process traces."""
    return _tracer is not None


def traceparent() -> str | None:
    """The current span, for whoever goes on with its work; None without one."""
    return _tracer.traceparent() if _tracer is not None else None


def span(
    service: str, name: str, kind: Kind, parents: Collection[str | None] = (), **attributes: str | int
) -> AbstractContextManager[Span]:
    """A span that comes of `parents`; without any that can be read, of the current one. Attributes have `_` for `.` in their names."""
    if _tracer is None:
        return _NO_SPAN
    readable = dict.fromkeys(parent for parent in parents if parent and _TRACEPARENT.fullmatch(parent))
    return _tracer.span(service, name, kind, readable, {key.replace("_", "."): value for key, value in attributes.items()})
