"""The sums that somebody can work out from knowing who is in which set: exact algebra, apart from the code that guards against it."""

from collections.abc import Sequence
from fractions import Fraction


class Known:
    """Sums that are known, each over some cells; says whether another sum follows from them."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Fraction]] = {}

    def add(self, cells: Sequence[int]) -> None:
        left = self._reduced(cells)
        lead = next((place for place, value in enumerate(left) if value), None)
        if lead is not None:
            self._rows[lead] = [value / left[lead] for value in left]

    def gives(self, cells: Sequence[int]) -> bool:
        return not any(self._reduced(cells))

    def _reduced(self, cells: Sequence[int]) -> list[Fraction]:
        left = [Fraction(cell) for cell in cells]
        for lead in sorted(self._rows):
            if left[lead]:
                factor = left[lead]
                left = [value - factor * other for value, other in zip(left, self._rows[lead], strict=True)]
        return left
