"""The outcome of a question: the data, or why there is none. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
U = TypeVar("U")

Why = Literal["away", "refused", "absent", "invalid"]
"""`away`: the service does not answer now. `refused`: the person may not. `absent`: no such thing. `invalid`: what was sent can't be
taken."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a part did not come. `kind` is the end of the problem's type, `detail` the service's own sentence."""

    why: Why
    service: str
    kind: str = ""
    detail: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """The data of a part of a page, or its failure."""

    data: T | None = None
    failure: Failure | None = None

    @property
    def came(self) -> bool:
        """Whether the data is there."""
        return self.failure is None

    def map(self, show: Callable[[T], U]) -> "Part[U]":
        """The same part with its data shown otherwise."""
        return Part(failure=self.failure) if self.data is None else Part(show(self.data))

    def otherwise(self, default: T) -> T:
        """The data, or this in its place."""
        return default if self.data is None else self.data
