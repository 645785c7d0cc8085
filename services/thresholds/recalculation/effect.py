"""The effect of rows as they would be on what schools and families hear: counted, not written. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.thresholds.crossings.applying import FoldedRow
from services.thresholds.register.repository.rows import RowKey
from shared.attendance.tiers import level_of


@dataclass(frozen=True, slots=True)
class RegisterEffect:
    """Students whose total changes, the thresholds passed up and down, and the students whose families get a letter."""

    totals_changed: int = 0
    crossings_up: int = 0
    crossings_down: int = 0
    letters: int = 0


def effect_of(folded: Sequence[FoldedRow], reachable: Collection[str], told: Mapping[RowKey, int], today: date) -> RegisterEffect:
    """`reachable` are the students of whom a caregiver may be written to, and `told` has how many thresholds of a row they were written to
    about under another name of its term. A term that is not running has no letters."""
    changed: set[str] = set()
    written_to: set[str] = set()
    up = down = 0
    for row in folded:
        before = row.before.absent_half_days if row.before else 0
        after = row.absences.half_days
        if before == after:
            continue
        changed.add(row.key.student)
        levels = level_of(after) - (row.before.level if row.before else 0)
        up += max(levels, 0)
        down += max(-levels, 0)
        term = row.calendar.term_named(row.key.term)
        is_news = level_of(after) > told.get(row.key, 0)
        if levels > 0 and is_news and term is not None and today in term and row.key.student in reachable:
            written_to.add(row.key.student)
    return RegisterEffect(len(changed), up, down, len(written_to))
