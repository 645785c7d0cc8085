"""Forms that take the place of a whole thing, and what became of that thing since a form was filled from it.

Two tabs, or two people, change the same thing: the later form was filled before the earlier one was kept, and would undo it without a word.
Pure.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from services.console.frame.forms import Form


class FormOfWhole(Form):
    """A form that takes the place of a thing. `base` is the fingerprint of the thing that it was filled from."""

    base: str | None = None


class ChangedMeanwhileError(Exception):
    """Somebody has kept another thing meanwhile. `base` is the fingerprint of that one, and `see` the address that shows it."""

    def __init__(self, base: str, see: str) -> None:
        super().__init__("changed meanwhile")
        self.base = base
        self.see = see


def fingerprint(thing: Any) -> str:
    """Changes whenever anything of a thing does, as an API answered it."""
    return hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()


def check_base(base: str | None, stored: Any, sent: Mapping[str, Any], see: str) -> None:
    """Raises ChangedMeanwhileError where the stored thing is neither the one that the form was filled from, nor as the form would make it:
    a form that comes twice is no change by somebody else."""
    now = fingerprint(stored)
    if base is not None and base != now and not _holds(stored, sent):
        raise ChangedMeanwhileError(now, see)


def _holds(stored: Any, sent: Any) -> bool:
    """Whether all that is sent is stored already; an empty field is one that is not there."""
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        return all(_holds(stored.get(name), value) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(stored, list):
        return len(sent) == len(stored) and all(map(_holds, stored, sent))
    if isinstance(sent, str) and isinstance(stored, str):
        # A form's lines end otherwise than those that are kept.
        return stored.split() == sent.split()
    return stored == sent or (not stored and not sent)
