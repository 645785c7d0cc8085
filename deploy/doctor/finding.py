"""The finding of a look at one part of the set-up."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`fail`: the engine does not work like this. `warn`: it works, and something is missing or late. `fix` is what to do then."""

    name: str
    state: State
    detail: str
    fix: str | None = None


def not_looked_at(name: str, because: str) -> Finding:
    """A part that can only be looked at once another one is well."""
    return Finding(name, "warn", f"not looked at: {because}", "mend that first")
