"""Runs of days of one student: absent in a row, without a reason in a row, back after a long spell. Pure.

A school turns each of them on by a number of days. They say what has happened, on days that are marked; nothing is guessed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from services.thresholds.register.kept_days import KeptDays, bits_of

Run = Literal["absent-in-a-row", "unexplained-in-a-row", "back-after-absence"]

RECENT: Final = 2
"""School days back from today that a student's last mark may lie: a run that ended before is history."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The days from which on a run is worth a look; None is off."""

    absent_in_a_row: int | None = None
    unexplained_in_a_row: int | None = None
    back_after: int | None = None

    @property
    def is_off(self) -> bool:
        """Whether nothing is watched for."""
        return self.absent_in_a_row is None and self.unexplained_in_a_row is None and self.back_after is None


OFF: Final = Watch()


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run: its kind, its school days (as places in the term, first and last), and how many they are."""

    run: Run
    first: int
    last: int
    days: int


def runs(kept: KeptDays, open_half_days: Mapping[int, int], watch: Watch) -> Iterator[FoundRun]:
    """The runs of a student that end now. `open_half_days` has the places of the school days so far, in order, and how long each was.

    A day counts where all of it was missed. Days after the student's last mark are not counted: nobody has marked them yet.
    """
    school_days = list(open_half_days)
    halves, missed, silent_days = kept.halves, kept.missed, set(bits_of(kept.unexplained))
    marked = [place for place in school_days if place < kept.length and any(halves[2 * place : 2 * place + 2])]
    if not marked or marked[-1] not in school_days[-RECENT - 1 :]:
        return
    days = [place for place in school_days if place <= marked[-1]]

    def is_missed(place: int) -> bool:
        return missed[place].bit_count() >= open_half_days[place]

    if (found := _back_from(days, is_missed)) and watch.absent_in_a_row is not None and len(found) >= watch.absent_in_a_row:
        yield FoundRun("absent-in-a-row", found[0], found[-1], len(found))
    silent = _back_from(days, lambda place: is_missed(place) and place in silent_days)
    if silent and watch.unexplained_in_a_row is not None and len(silent) >= watch.unexplained_in_a_row:
        yield FoundRun("unexplained-in-a-row", silent[0], silent[-1], len(silent))
    if watch.back_after is not None and not missed[days[-1]]:
        before = _back_from(days[:-1], is_missed)
        if len(before) >= watch.back_after:
            yield FoundRun("back-after-absence", before[0], before[-1], len(before))


def _back_from(days: Sequence[int], holds: Callable[[int], bool]) -> list[int]:
    """The days at the end of the sequence for all of which it holds, in order."""
    found: list[int] = []
    for place in reversed(days):
        if not holds(place):
            break
        found.append(place)
    return found[::-1]


def sentence(name: str, found: FoundRun, first: date, last: date) -> str:
    """A run in words, with its days."""
    span = f"{_in_words(first)} to {_in_words(last)}" if found.days > 1 else _in_words(first)
    days = f"{found.days} school {'day' if found.days == 1 else 'days'}"
    match found.run:
        case "absent-in-a-row":
            return f"{name} has been absent for {days} in a row, {span}."
        case "unexplained-in-a-row":
            return f"{name} has been absent for {days} in a row without a reason, {span}."
        case "back-after-absence":
            return f"{name} is back after {days} in a row, {span}."


def _in_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
