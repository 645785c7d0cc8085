"""The codes that a day's absent half days belong to, and the part of the day that was missed. Pure.

The total of a day is the day rule's alone (`half_days`); this only names the half days that it counts. Each belongs whole to
one code, so that codes add up to the total. The first goes to the code with most absent minutes (or sessions); after each, the winner's
minutes are shared among what it has and one more, and the next goes to the code with most then (highest averages). On a tie, the code
that comes first in the day wins.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeVar

from services.thresholds.register.half_days import DayCount, DayMarks, known
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Opening, Session, Slot
from shared.events.data import VendorCount

AbsenceClass = Literal["justified", "unjustified"]
DayPart = Literal["morning", "afternoon"]

BLANK: Final = "blank"
COUNTED: Final = "counted"
ELSEWHERE: Final = "elsewhere"

CAUSE_MEANING: Final[Mapping[str, str]] = {
    BLANK: "Not marked by the end of the day, which this school counts as an absence",
    COUNTED: "The school system's own count of the day, without a code of that class",
    ELSEWHERE: "Counted by the student's school before",
}


class Cause(NamedTuple):
    """The cause of an absent half day: a code, or `blank`, `counted`, `elsewhere` where no code made it."""

    absence_class: AbsenceClass
    code: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """A day's absent half days by cause, and the part of the day that was missed, where it was one half day and the marks tell which."""

    causes: tuple[tuple[Cause, int], ...] = ()
    part: DayPart | None = None


NOTHING: Final = Attribution()

K = TypeVar("K", bound=Hashable)


def attribute(marks: DayMarks, count: DayCount, codes: CodeTable) -> Attribution:
    """The causes of a day's absent half days; they add up to `count.absent`."""
    if not count.absent:
        return NOTHING
    if count.rule != "carried":
        marks = known(marks, codes)
    match count.rule:
        case "sessions" | "slots":
            shares = share(count.absent, _weights(marks, count, codes))
        case "vendor":
            shares = _vendors(marks, count, codes)
        case "carried":
            shares = {Cause(name, ELSEWHERE): number for name, number in _by_class(marks.carried, count.absent).items()}
        case _:
            shares = {Cause("unjustified", BLANK): count.absent}
    part = _part(marks, count.opening, codes) if count.absent == 1 and not count.blanks_counted and count.rule != "carried" else None
    return Attribution(tuple(shares.items()), part)


def in_order(days: Iterable[Attribution]) -> tuple[tuple[Cause, int], ...]:
    """The causes of some days together, the most frequent one first."""
    found: dict[Cause, int] = {}
    for day in days:
        for cause, half_days in day.causes:
            found[cause] = found.get(cause, 0) + half_days
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0].code, item[0].absence_class)))


def share(half_days: int, weights: Mapping[K, int]) -> dict[K, int]:
    """So many half days among the keys, by highest averages of their weights; the first key wins a tie."""
    won: dict[K, int] = {}
    for _ in range(half_days):
        winner = max(weights, key=lambda key: weights[key] / (won.get(key, 0) + 1))
        won[winner] = won.get(winner, 0) + 1
    return won


def _weights(marks: DayMarks, count: DayCount, codes: CodeTable) -> dict[Cause, int]:
    """The absent minutes, or sessions, of each cause."""
    if marks.slots and count.opening.slots:
        return _slots(marks, count.opening.slots, codes, blanks=count.blanks_counted)
    weights = _sessions(marks, count.opening.sessions, codes)
    unmarked = count.absent - sum(weights.values())
    if count.blanks_counted and unmarked > 0:
        weights[Cause("unjustified", BLANK)] = unmarked
    return weights


def _sessions(marks: DayMarks, sessions: Sequence[Session], codes: CodeTable) -> dict[Cause, int]:
    weights: dict[Cause, int] = {}
    for session in sessions:
        cause = _cause(marks.sessions.get(session), codes)
        if cause is not None:
            weights[cause] = weights.get(cause, 0) + 1
    return weights


def _slots(marks: DayMarks, slots: Sequence[Slot], codes: CodeTable, *, blanks: bool = False) -> dict[Cause, int]:
    """The absent minutes of each cause, in the order of the timetable."""
    weights: dict[Cause, int] = {}
    for slot, code, minutes in _timetabled(marks, slots):
        valid = code is not None and code in codes
        cause = _cause(code, codes) if valid else Cause("unjustified", BLANK) if blanks else None
        if cause is not None:
            weights[cause] = weights.get(cause, 0) + (minutes if valid else slot.minutes)
    return weights


def _timetabled(marks: DayMarks, slots: Sequence[Slot]) -> list[tuple[Slot, str | None, int]]:
    timetabled = []
    for slot in slots:
        code, minutes = marks.slots.get(slot.slot, (None, None))
        timetabled.append((slot, code, slot.minutes if minutes is None else min(minutes, slot.minutes)))
    return timetabled


def _cause(code: str | None, codes: CodeTable) -> Cause | None:
    if code is None or code not in codes:
        return None
    code_class = codes.class_of(code)
    return Cause(code_class, code) if code_class in ("justified", "unjustified") else None


def _vendors(marks: DayMarks, count: DayCount, codes: CodeTable) -> dict[Cause, int]:
    """The count gives the classes; the day's own codes of a class, where there are any, give the causes, and those of what the count
    leaves open."""
    opening = count.opening
    own = (_slots(marks, opening.slots, codes) if opening.slots else {}) or _sessions(marks, opening.sessions, codes)
    shares: dict[Cause, int] = {}
    for name, half_days in _by_class(marks.vendor, count.absent - count.by_codes).items():
        of_class = {cause: weight for cause, weight in own.items() if cause.absence_class == name}
        shares |= share(half_days, of_class or {Cause(name, COUNTED): 1})
    for _ in range(count.by_codes):
        # The codes that the count has no counter for come first: the others have had their share.
        rest = {cause: weight for cause, weight in own.items() if cause not in shares} or own or {Cause("unjustified", BLANK): 1}
        for cause, half_days in share(1, rest).items():
            shares[cause] = shares.get(cause, 0) + half_days
    return shares


def _by_class(count: VendorCount | None, absent: int) -> dict[AbsenceClass, int]:
    assert count is not None
    weights: dict[AbsenceClass, int] = {"unjustified": count.unjustified, "justified": count.justified}
    return share(absent, weights)


def by_half(marks: DayMarks, count: DayCount, codes: CodeTable) -> dict[Session, dict[Cause, int]]:
    """The absent minutes, or sessions, of each cause in the morning and the afternoon. A slot in the very middle is in neither."""
    halves: dict[Session, dict[Cause, int]] = {"AM": {}, "PM": {}}
    marks, opening = known(marks, codes), count.opening
    blank = Cause("unjustified", BLANK) if count.blanks_counted else None
    if not (marks.slots and opening.slots):
        for session in opening.sessions:
            mark = marks.sessions.get(session)
            cause = blank if mark is None else _cause(mark, codes)
            if cause is not None:
                halves[session][cause] = 1
        return halves
    whole, at = opening.minutes, 0
    for slot, code, minutes in _timetabled(marks, opening.slots):
        middle, at = 2 * at + slot.minutes, at + slot.minutes
        cause = blank if code is None else _cause(code, codes)
        half = slot.session or ("AM" if middle < whole else "PM" if middle > whole else None)
        if cause is not None and half is not None:
            halves[half][cause] = halves[half].get(cause, 0) + (slot.minutes if code is None else minutes)
    return halves


def _part(marks: DayMarks, opening: Opening, codes: CodeTable) -> DayPart | None:
    """The half of the day in which more was missed. A slot belongs to the half that its middle lies in; one in the very middle, to none."""
    if marks.slots and len(opening.sessions) == 1:
        return "morning" if opening.sessions[0] == "AM" else "afternoon"
    if marks.slots and opening.slots:
        whole, at, morning, afternoon = opening.minutes, 0, 0, 0
        for slot, code, minutes in _timetabled(marks, opening.slots):
            middle, at = 2 * at + slot.minutes, at + slot.minutes
            if _cause(code, codes) is not None:
                morning += minutes if slot.session == "AM" or (slot.session is None and middle < whole) else 0
                afternoon += minutes if slot.session == "PM" or (slot.session is None and middle > whole) else 0
    else:
        morning = _cause(marks.sessions.get("AM"), codes) is not None
        afternoon = _cause(marks.sessions.get("PM"), codes) is not None
    return None if morning == afternoon else "morning" if morning > afternoon else "afternoon"
