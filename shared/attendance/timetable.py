"""The opening of a day: the slots of the timetable, and the mornings and afternoons that they lie in. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, Literal

Session = Literal["AM", "PM"]

BOTH: Final[tuple[Session, ...]] = ("AM", "PM")

WHOLE_DAY: Final = 240
"""Minutes from which on a timetable is that of a whole day: two half days of two hours."""

Closed = Literal["school", "roll", "attends"]
"""The cause of a day without an open half day: the school is closed, the student is not on the roll, or does not attend on that day."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A period of the timetable; `minutes` is its length. `session` None: it lies in the half of the day that its middle lies in."""

    slot: int
    name: str
    minutes: int
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """The slots that hold from a day on, until the next timetable; `start` None means always.

    `weekdays` has other slots for some weekdays (0 is Monday). A `cycle` has slots for each of its days in turn: day 1 is the first
    school day from `start` on, and the first from each of `cycle_starts` on; the days between are counted in school days of the term.
    """

    start: date | None
    slots: tuple[Slot, ...]
    weekdays: tuple[tuple[int, tuple[Slot, ...]], ...] = ()
    cycle: tuple[tuple[Slot, ...], ...] = ()
    cycle_starts: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """The open part of one day: so many half days, in these sessions, with these slots.

    `instead`: the open part if all marks are of it. A half-day opening is a morning, unless only the afternoon is marked.
    `closed` says why nothing is open.
    """

    half_days: int
    slots: tuple[Slot, ...] = ()
    sessions: tuple[Session, ...] = BOTH
    instead: "Opening | None" = None
    closed: Closed | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Days are looked up by their opening for every absence that is folded: the slots must not be hashed each time.
        object.__setattr__(self, "_hash", hash((self.half_days, self.slots, self.sessions, self.instead, self.closed)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def minutes(self) -> int:
        """The minutes of the open slots."""
        return sum(slot.minutes for slot in self.slots)

    def marked(self, sessions: Collection[str], slots: Collection[int]) -> "Opening":
        """The opening, given the sessions and slots that have marks."""
        if self.instead is None or self._has(sessions, slots) or not self.instead._has(sessions, slots):
            return self
        return self.instead

    def _has(self, sessions: Collection[str], slots: Collection[int]) -> bool:
        if self.closed is not None:
            return False
        return any(session in sessions for session in self.sessions) or any(slot.slot in slots for slot in self.slots)


CLOSED: Final = Opening(0, sessions=(), closed="school")
NOT_ON_ROLL: Final = Opening(0, sessions=(), closed="roll")
NOT_ATTENDED: Final = Opening(0, sessions=(), closed="attends")


@lru_cache(4096)
def opened(half_days: int, slots: tuple[Slot, ...] = ()) -> Opening:
    """The opening of a day with so many half days and this timetable.

    A half-day opening opens one half of a whole day's timetable, and all of a shorter one. A timetable whose slots all name one session
    is that session's: the other half is off.
    """
    if half_days == 0:
        return CLOSED
    named = {slot.session for slot in slots}
    if len(named) == 1 and None not in named:
        (only,) = named
        return Opening(1, slots, () if only is None else (only,))
    if half_days == 1:
        morning, afternoon = slots, slots
        if sum(slot.minutes for slot in slots) >= WHOLE_DAY:
            morning, afternoon = _of(slots, "AM"), _of(slots, "PM")
        return Opening(1, morning, ("AM",), Opening(1, afternoon, ("PM",)))
    return Opening(half_days, slots)


@lru_cache(4096)
def attended(opening: Opening, sessions: tuple[Session, ...]) -> Opening:
    """The part of an opening that is open for a student who attends these sessions of it."""
    if opening.closed is not None or all(session in sessions for session in BOTH):
        return opening
    instead = opening.instead and attended(opening.instead, sessions)
    if instead is not None and instead.closed is not None:
        instead = None
    kept = tuple(session for session in opening.sessions if session in sessions)
    if not kept:
        return NOT_ATTENDED if instead is None else Opening(0, sessions=(), instead=instead, closed="attends")
    slots = opening.slots if kept == opening.sessions else _of(opening.slots, *kept)
    return Opening(len(kept), slots, kept, instead)


def sessions_of(slots: Sequence[Slot]) -> dict[int, Session]:
    """The session of each slot, by its number. A slot in the very middle of the day belongs to the morning."""
    whole, at = sum(slot.minutes for slot in slots), 0
    sessions: dict[int, Session] = {}
    for slot in slots:
        middle, at = 2 * at + slot.minutes, at + slot.minutes
        sessions[slot.slot] = slot.session or ("AM" if middle <= whole else "PM")
    return sessions


def _of(slots: tuple[Slot, ...], *sessions: Session) -> tuple[Slot, ...]:
    placed = sessions_of(slots)
    return tuple(slot for slot in slots if placed[slot.slot] in sessions)
