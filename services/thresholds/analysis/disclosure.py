"""The numbers that a statistic may show, so that nobody can be picked out of it. Pure.

A number about one to four students is not shown, nor any number from which it could be had by adding and subtracting numbers that are
shown. Sets of students are rows of booleans: the whole, its year levels, its groups, and where these cross.

That nothing can be had by subtraction is two checks. A set is derived when its row is a sum of multiples of shown rows, which linear
algebra tells exactly; only how many students two sets share is needed for it. And what is left of a shown set, once shown parts that do not
overlap are taken off, must be nobody or five and more, although it has no name.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FEWEST: Final = 5
"""Students that a number must be about."""

_RIDGE: Final = 1e-7
_DERIVED: Final = 1e-3
"""Squared distance of a set from what can be derived, under which it can be."""
_USED: Final = 1e-4
"""Multiples under this are rounding."""

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def is_small(count: int) -> bool:
    """Whether a number of students is too small to be shown. Nobody can be picked out of nobody."""
    return 0 < count < FEWEST


@dataclass(frozen=True, slots=True)
class Steps:
    """Sets by levels: how many students of each set have `reached` each level, and whether that is `shown`."""

    reached: Counts
    shown: Flags

    def bands(self, row: int) -> list[tuple[int, int, int]]:
        """(first level, last level, students) of each band of levels that a set shows."""
        reached = self.reached[row].tolist()
        starts = np.flatnonzero(self.shown[row]).tolist()
        ends = [*starts[1:], len(reached)]
        return [
            (start, end - 1, reached[start] - (reached[end] if end < len(reached) else 0)) for start, end in zip(starts, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The sets that may be shown, and their numbers. `whole` says that the first set shows everything, however small: it is no breakdown.

    `members`: sets by students. `shared`: how many students each two sets share. `parts`: families of sets that lie within another one
    and do not overlap, with that one. `shown`: the sets that may be shown at all.
    """

    members: Flags
    listed: "_Listed"
    shared: NDArray[np.float64]
    parts: "_Parts"
    whole: bool
    shown: Flags

    @classmethod
    def of(cls, members: Flags, *, whole: bool) -> "Disclosure":
        """Decides which of the sets are shown at all; the first is all the students."""
        listed = _Listed.of(members)
        shared = np.stack([listed.sums(row) for row in members]).astype(np.float64)
        everything = cls(members, listed, shared, _parts(shared), whole, np.ones(len(members), dtype=np.bool_))
        return replace(everything, shown=everything.may_show(np.ones(members.shape[1], dtype=np.bool_)))

    def may_show(self, having: Flags) -> Flags:
        """The sets that may show how many of their students `having` holds for."""
        counts = self.sums(having)
        return self._protected(counts, self.shown, _small(counts))

    def sums(self, amounts: NDArray[Any]) -> Counts:
        """The sum of the students' amounts, or how many a flag is set for, of each set."""
        return self.listed.sums(amounts)

    def steps(self, level: NDArray[np.integer[Any]], highest: int) -> Steps:
        """For students on levels from 0 to `highest`: which sets may show how many students have reached each level.

        Neighbouring levels of a set are shown apart only where each shows nobody, or five students and more.
        """
        reached = self.sums(level[:, np.newaxis] >= np.arange(highest + 1))
        shown = np.zeros(reached.shape, dtype=np.bool_)
        shown[:, 0] = self.shown
        last = reached[:, 0].copy()
        for step in range(1, highest + 1):
            shown[:, step] = self.shown & ~_small(last - reached[:, step]) & ~_small(reached[:, step])
            last[shown[:, step]] = reached[shown[:, step], step]
        if self.whole:
            shown[0] = True
        for step in range(1, highest + 1):
            # Wherever a level is not shown, showing it would part too few: so it must not be derived either.
            shown[:, step] = self._protected(reached[:, step], shown[:, step], ~shown[:, step])
        return Steps(reached, shown)

    def _protected(self, counts: Counts, wanted: Flags, secret: Flags) -> Flags:
        """The wanted sets that can be shown together without the secret ones."""
        shown, secret = wanted & ~secret, secret.copy()
        if self.whole:
            shown[0], secret[0] = True, False
        while leaking := self._leaving(counts, shown) or self._deriving(counts, shown, secret):
            shown[list(leaking)] = False
        return shown

    def _deriving(self, counts: Counts, shown: Flags, secret: Flags) -> set[int]:
        """The smallest of the shown sets that derive a secret one."""
        public, hidden = np.flatnonzero(shown), np.flatnonzero(secret)
        if not len(public) or not len(hidden):
            return set()
        needed = self.shared[np.ix_(public, hidden)]
        multiples = _solved(self.shared[np.ix_(public, public)], needed)
        distance = np.diag(self.shared)[hidden] - np.einsum("ij,ij->j", needed, multiples)
        # A set of nobody is derived from nothing; there is nobody to be found in it.
        derived = np.flatnonzero((distance < _DERIVED) & (np.diag(self.shared)[hidden] > 0))
        return {candidate for column in derived for candidate in self._fewest(public[np.abs(multiples[:, column]) > _USED], counts)}

    def _leaving(self, counts: Counts, shown: Flags) -> set[int]:
        """The smallest of the shown sets that, taken off another one, leave too few."""
        left = counts[self.parts.whole] - (self.parts.families & shown) @ counts
        few = np.flatnonzero(shown[self.parts.whole] & _small(left))
        return {candidate for family in few for candidate in self._fewest(np.flatnonzero(self.parts.families[family] & shown), counts)}

    def _fewest(self, candidates: NDArray[np.intp], counts: Counts) -> list[int]:
        able = [candidate for candidate in candidates.tolist() if not (self.whole and candidate == 0)]
        return [min(able, key=lambda candidate: (counts[candidate], candidate))] if able else []


@dataclass(frozen=True, slots=True)
class _Listed:
    """The sets' students one after the other. A student is in a few sets of many: adding up lists is quicker than multiplying tables."""

    students: NDArray[np.intp]
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, members: Flags) -> "_Listed":
        return cls(np.nonzero(members)[1], np.cumsum(members.sum(axis=1)))

    def sums(self, amounts: NDArray[Any]) -> Counts:
        """The sum of each set's amounts, by student; of each column of them, where there are several."""
        running = np.zeros((len(self.students) + 1, *amounts.shape[1:]), dtype=np.int64)
        np.cumsum(amounts[self.students], axis=0, out=running[1:])
        sums: Counts = np.diff(running[self.ends], axis=0, prepend=running[:1])
        return sums


@dataclass(frozen=True, slots=True)
class _Parts:
    """Families by sets; and the set that each family is of."""

    families: Flags
    whole: NDArray[np.intp]


def _parts(shared: NDArray[np.float64]) -> _Parts:
    """The real parts of every set, gathered into families that do not overlap, the largest first."""
    sizes = np.diag(shared)
    families: list[Flags] = []
    wholes: list[int] = []
    overlapping = shared > 0
    for whole in range(len(sizes)):
        within = np.flatnonzero((shared[whole] == sizes) & (sizes < sizes[whole]) & (sizes > 0))
        own: list[Flags] = []
        taken: list[Flags] = []
        for part in within[np.lexsort((within, -sizes[within]))].tolist():
            at = next((number for number, places in enumerate(taken) if not places[part]), len(own))
            if at == len(own):
                own.append(np.zeros(len(sizes), dtype=np.bool_))
                taken.append(np.zeros(len(sizes), dtype=np.bool_))
            own[at][part] = True
            taken[at] |= overlapping[part]
        families += own
        wholes += [whole] * len(own)
    return _Parts(np.asarray(families, dtype=np.bool_).reshape(len(families), len(sizes)), np.asarray(wholes, dtype=np.intp))


def _solved(matrix: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The multiples of the matrix's columns that add up to each column of sums, or come nearest (Gauss and Jordan).

    By hand, since the library's routine takes all cores, and waits for them while others use them: ten times as long for matrices this
    small. The matrix of shared students is symmetric and nowhere negative, and the ridge makes it definite: nothing has to be swapped.
    """
    size = len(matrix)
    table = np.hstack([matrix + _RIDGE * np.eye(size), sums])
    # Small sets first: they share students with few others, so most rows have nothing to take off.
    for row in np.argsort(matrix.diagonal(), kind="stable").tolist():
        table[row] /= table[row, row]
        others = np.flatnonzero(table[:, row])
        others = others[others != row]
        table[others] -= table[others, row][:, np.newaxis] * table[row]
    return table[:, size:]


def _small(counts: Counts) -> Flags:
    return (counts > 0) & (counts < FEWEST)
