"""The people of a family who may be rung, and why others may not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DONT: Final = {
    "protected": "Don't ring: the words about them in your school's system restrict contact.",
    "never": "Don't ring: your school decided so about the words in its system.",
    "shared": "Don't ring before you have asked: somebody who must not be written to has the same address or mobile.",
    "undecided": "Don't ring before you have asked: the words about them in your school's system wait for a decision.",
    "no-correspondent": "Ring only for what your school's system lists them for.",
}
"""Reasons that hold for the telephone, too. All others are about letters alone."""


@dataclass(frozen=True, slots=True)
class Callee:
    """A caregiver: the number to ring, or the reason why not to."""

    name: str
    relationship: str
    phone: str | None
    why_not: str | None


def callees(sent: Mapping[str, Any]) -> list[Callee]:
    """A family's caregivers in the school's order. The number of somebody who may not be rung is not shown."""
    return [_callee(one) for one in sent["items"]]


def _callee(one: Mapping[str, Any]) -> Callee:
    why_not = DONT.get(one["why"] or "")
    if why_not is None and not one["phone"]:
        why_not = "Your school's system has no number."
    return Callee(one["name"], one["relationship"] or "", None if why_not else one["phone"], why_not)
