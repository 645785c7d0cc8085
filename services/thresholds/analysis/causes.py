"""Absences by class and by code, with codes of few students put together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.disclosure import is_small
from services.thresholds.register.attribution import CAUSE_MEANING, AbsenceClass, Cause
from shared.attendance.codes import CodeTable


@dataclass(frozen=True, slots=True)
class CodeAbsences:
    """Absent half days of one code; of several codes together, where `code` is None."""

    code: str | None
    meaning: str
    half_days: int


@dataclass(frozen=True, slots=True)
class ClassAbsences:
    """Absent half days of one class."""

    absence_class: AbsenceClass
    half_days: int
    codes: tuple[CodeAbsences, ...]


def by_class(
    causes: Sequence[Cause], by_cause: NDArray[np.int32], shown: Sequence[bool], classes_shown: bool, codes: CodeTable
) -> tuple[ClassAbsences, ...] | None:
    """The absences of some students, a row each in `by_cause`; None where not even the classes are to be shown.

    `shown`: whether a cause may stand for itself. The others of its class are put together, and as many more as it takes for that to be
    about enough students, and of more than one code.
    """
    if not classes_shown:
        return None
    names: tuple[AbsenceClass, ...] = ("unjustified", "justified")
    classes = []
    for name in names:
        columns = [column for column, cause in enumerate(causes) if cause.absence_class == name and by_cause[:, column].any()]
        own = [column for column in columns if shown[column]]
        merged = [column for column in columns if not shown[column]]
        by_students = sorted(own, key=lambda column: (int((by_cause[:, column] > 0).sum()), column), reverse=True)
        while by_students and _gives_away(by_cause, merged):
            merged.append(by_students.pop())
        rows = [
            CodeAbsences(causes[column].code, _meaning(causes[column], codes), int(by_cause[:, column].sum())) for column in by_students
        ]
        rows.sort(key=lambda row: (-row.half_days, row.code or ""))
        if merged:
            rows.append(CodeAbsences(None, "Other codes together", int(by_cause[:, merged].sum())))
        classes.append(ClassAbsences(name, int(by_cause[:, columns].sum()), tuple(rows)))
    return tuple(classes)


def _gives_away(by_cause: NDArray[np.int32], merged: Sequence[int]) -> bool:
    """Whether what is put together is about too few, or is a code that few have and that stands alone."""
    if not merged:
        return False
    together = int((by_cause[:, list(merged)] > 0).any(axis=1).sum())
    return is_small(together) or len(merged) == 1


def _meaning(cause: Cause, codes: CodeTable) -> str:
    entry = codes.by_code.get(cause.code)
    return entry.meaning if entry else CAUSE_MEANING[cause.code]
