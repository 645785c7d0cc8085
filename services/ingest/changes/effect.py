"""The effect of a change, the rule for too much of it, and the value that confirms what was shown. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field

from shared.web.errors import ProblemError
from shared.web.schemas import Body

FEW: Final = 1
"""So many students are no surprise, however small the school is: somebody has left."""

A_TENTH: Final = 10

MANY_CROSSINGS: Final = 20
"""Crossings at once that a person should see before they happen, however large the school is: a morning's letters."""


class Effect(BaseModel):
    """The effect of a change: students taken off the roll, students whose total changes, thresholds passed up and down, and students
    whose families could get a letter."""

    students_off: int = 0
    totals_changed: int = 0
    crossings_up: int = 0
    crossings_down: int = 0
    letters: int = Field(default=0, description="At most: holds, the letter policy and what families have been told make it fewer")


class EffectShown(BaseModel):
    """The answer of a dry run."""

    effect: Effect


class ChangeQuery(Body):
    """The way to make a change that may move much."""

    dry_run: bool = Field(default=False, description="Only say what the change would do")
    confirm: str | None = Field(default=None, max_length=64, description="The `confirm` of the 409 that showed this change's effect")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A change with its effect, and why it is dangerous, a clause a reason; none for a change that is not."""

    change: bytes
    effect: Effect
    dangers: Sequence[str] = ()

    @property
    def confirmation(self) -> str:
        """The value that stands for this change with this effect, and no other."""
        return hashlib.blake2b(self.change + b"\0" + self.effect.model_dump_json().encode(), digest_size=12).hexdigest()

    def require_confirmed(self, confirm: str | None, extra: dict[str, Any] | None = None) -> None:
        """Raises ProblemError 409 for a dangerous change that is not confirmed, or was shown with another effect."""
        if not self.dangers or confirm == self.confirmation:
            return
        again = "it would do something else by now: " if confirm is not None else ""
        detail = f"{again}{'; '.join(self.dangers)}. If that is meant, send it again with confirm={self.confirmation}"
        shown = {"effect": self.effect.model_dump(), "confirm": self.confirmation}
        raise ProblemError(HTTPStatus.CONFLICT, "confirm-change", detail, extra=shown | (extra or {}))


def is_many(students: int, of: int) -> bool:
    """Whether so many students of a school are more than a change does without being looked at: a tenth, and never a single one."""
    return students > FEW and students * A_TENTH >= of


def dangers_of(effect: Effect, roll: int) -> list[str]:
    """The numbers of an effect that are too large for a school of so many students."""
    dangers = []
    if is_many(effect.students_off, roll):
        dangers.append(f"{effect.students_off} of {roll} students would be off the roll")
    if is_many(effect.totals_changed, roll):
        dangers.append(f"the totals of {effect.totals_changed} students would change")
    if (crossings := effect.crossings_up + effect.crossings_down) >= MANY_CROSSINGS:
        dangers.append(f"{crossings} thresholds would be passed")
    return dangers
