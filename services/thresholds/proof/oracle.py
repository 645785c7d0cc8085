"""The slow, obvious oracle of the register: written from the rules, apart from the code that is fast.

It keeps every mark that was ever recorded in a list, and goes through all of them for each answer. `star verify` holds every total against
it, and so do the property tests.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class OracleMark:
    """A mark as it was recorded: for a session ("AM", "PM"), a slot (1-20) or the day as a whole ("day"); "carried" is another
    school's count of the whole day.

    `value` is a code, or for the whole day (unjustified, justified, present) half days; None takes the mark back.
    """

    day: date
    place: str | int
    value: str | tuple[int, int, int] | None
    minutes: int | None
    recorded_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class Rules:
    """The rules of a school and term: the open half days of each day of the term, each day's timetable (slot to minutes), the codes that
    are absences, those that are neither present nor absent, and those that are known at all (others say nothing), the day up to which
    blanks count, where they do, and whether what another school counted does. `slot_sessions`: the slots that the school says are of the
    morning (AM) or the afternoon.

    `off_roll` and `attended` are those of one student: the days on which they are not on the roll, and the sessions that they attend by
    weekday (0 is Monday), None for all.
    """

    open_half_days: Mapping[date, int]
    slot_minutes: Mapping[date, Mapping[int, int]]
    absent_codes: Collection[str]
    known_codes: Collection[str]
    blanks_until: date | None = None
    carried_counts: bool = False
    excluded_codes: Collection[str] = "X"
    slot_sessions: Mapping[date, Mapping[int, str]] = field(default_factory=dict)
    off_roll: Collection[date] = ()
    attended: Mapping[int, Collection[str]] | None = None


def standing(history: Iterable[OracleMark]) -> dict[tuple[date, str | int], OracleMark]:
    """The mark that stands at each place: the latest recorded, then the latest received."""
    winners: dict[tuple[date, str | int], OracleMark] = {}
    for mark in history:
        place = (mark.day, mark.place)
        holder = winners.get(place)
        if holder is None or (mark.recorded_at, mark.received_at) > (holder.recorded_at, holder.received_at):
            winners[place] = mark
    return {place: mark for place, mark in winners.items() if mark.value is not None}


def absent_half_days(history: Collection[OracleMark], rules: Rules) -> int:
    """The total of a term."""
    marks = standing(history)
    marked_days = [mark.day for mark in history if mark.day in rules.open_half_days and mark.place != "carried"]
    total = 0
    for day, half_days in rules.open_half_days.items():
        of_day = {
            place: mark
            for (when, place), mark in marks.items()
            if when == day and (isinstance(mark.value, tuple) or mark.value in rules.known_codes)
        }
        elsewhere = of_day.pop("carried", None)
        off_roll = day in rules.off_roll
        if elsewhere is not None and (off_roll or not any(when == day and place != "carried" for when, place in marks)):
            assert isinstance(elsewhere.value, tuple)
            total += min(elsewhere.value[0] + elsewhere.value[1], 2) if rules.carried_counts else 0
            continue
        if off_roll or half_days == 0:
            continue
        blanks = rules.blanks_until is not None and bool(marked_days) and min(marked_days) <= day <= rules.blanks_until
        total += _absent_on(day, of_day, half_days, rules, blanks)
    return total


def _absent_on(day: date, of_day: Mapping[str | int, OracleMark], half_days: int, rules: Rules, blanks: bool) -> int:
    slots = _open(day, of_day, half_days, rules)
    half_days = len(slots)
    if half_days == 0:
        return 0
    open_slots = {slot: minutes for of_session in slots.values() for slot, minutes in of_session.items()}
    absent = _by_codes(of_day, half_days, dict(sorted(open_slots.items())), list(slots), rules, blanks)
    whole_day = of_day.get("day")
    if whole_day is None or not isinstance(whole_day.value, tuple):
        return absent
    unjustified, justified, present = whole_day.value
    counted_absent = min(unjustified + justified, half_days)
    counted_present = min(present, half_days - counted_absent)
    # One half day after another that the count leaves open is absent if the codes have an absence more than was counted.
    for _ in range(half_days - counted_absent - counted_present):
        if counted_absent < absent:
            counted_absent += 1
    return counted_absent


def _open(day: date, of_day: Mapping[str | int, OracleMark], half_days: int, rules: Rules) -> dict[str, dict[int, int]]:
    """The sessions that were open for the student, each with its slots and their minutes.

    On a half-day opening that is the morning, or the afternoon if only that has marks. A timetable of less than four hours is then the half
    day's own, whichever half that is. A timetable whose slots the school all puts into one session has no other.
    """
    minutes, named = rules.slot_minutes.get(day, {}), rules.slot_sessions.get(day, {})
    total, before = sum(minutes.values()), 0.0
    halves: dict[str, dict[int, int]] = {"AM": {}, "PM": {}}
    for slot, length in minutes.items():
        halves[named.get(slot) or ("AM" if before + length / 2 <= total / 2 else "PM")][slot] = length
        before += length
    all_named = bool(minutes) and all(slot in named for slot in minutes)
    one_session = all_named and len(set(named.values())) == 1
    if one_session:
        halves = {session: slots for session, slots in halves.items() if slots}
    elif half_days == 1 and total < 240:
        halves = {"AM": dict(minutes), "PM": dict(minutes)}
    attends = ("AM", "PM") if rules.attended is None else rules.attended.get(day.weekday(), ())
    theirs = {session: slots for session, slots in halves.items() if session in attends}
    if half_days == 2 or one_session:
        return theirs
    marked = [session for session, slots in theirs.items() if session in of_day or any(slot in of_day for slot in slots)]
    if marked == ["PM"]:
        return {"PM": theirs["PM"]}
    return {"AM": theirs["AM"]} if "AM" in theirs else {}


def _by_codes(
    of_day: Mapping[str | int, OracleMark],
    half_days: int,
    open_slots: Mapping[int, int],
    open_sessions: Collection[str],
    rules: Rules,
    blanks: bool,
) -> int:
    """Half days absent by the codes alone."""
    if open_slots and any(isinstance(place, int) for place in of_day):
        return _by_minutes(of_day, half_days, open_slots, rules, blanks)
    values = [of_day[session].value if session in of_day else None for session in open_sessions]
    return sum(blanks if value is None else value in rules.absent_codes for value in values)


def _by_minutes(of_day: Mapping[str | int, OracleMark], half_days: int, open_slots: Mapping[int, int], rules: Rules, blanks: bool) -> int:
    """Minute by minute. Exam leave is out of the day, with as many half days as cannot be made without it."""
    minutes: list[str] = []
    for slot, length in open_slots.items():
        mark = of_day.get(slot)
        code = None if mark is None else mark.value
        marked = length if mark is None or mark.minutes is None else min(mark.minutes, length)
        what = "present"
        if code is None:
            what = "absent" if blanks else "present"
        elif code in rules.excluded_codes:
            what = "out"
        elif code in rules.absent_codes:
            what = "absent"
        minutes += [what] * marked + ["present"] * (length - marked)
    there = [minute for minute in minutes if minute != "out"]
    left = half_days if len(there) == len(minutes) else _half_days_in(len(there), half_days, len(minutes))
    return left - _half_days_in(there.count("present"), left, len(there))


def _half_days_in(minutes: int, half_days: int, whole: int) -> int:
    """So many half days are present in these minutes: for each, two hours, or its share of the whole where the whole is shorter."""
    made = 0
    while made < half_days and minutes >= (made + 1) * min(120, whole / half_days):
        made += 1
    return made
