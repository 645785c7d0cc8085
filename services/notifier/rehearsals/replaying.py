"""The letters that a student's crossings would have brought by a policy: the letters' own rules, one moment after another. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.notifier.letters.case import Case, Draft, Fact, bound, crossed, passed, retracted
from services.notifier.letters.foretelling import LetterInWait, decision_at
from services.notifier.letters.policy import Decision, Hold, Never, Now, OnHold, Policy, due_at
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.events.data import ThresholdCrossed
from shared.identifiers import letter_id

LetterKey = tuple[UUID, str, Threshold]
"""A student, a term, and the threshold that a letter is about."""

Outcome = Literal["goes", "awaiting-release", "no-contact"]
""" become of a letter: it goes; it is above a day's number and waits for a person; nobody can be written to."""

MOST_LOOKS = 5
"""The number of looks at a letter: its hold ends, its window opens, and a term's last evening comes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy, which names its window (`with_defaults`), the service's own waiting time, and the calendar that they are read by."""

    policy: Policy
    hold: timedelta
    tell_within: timedelta
    calendar: SchoolCalendar


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A letter that would have gone, or would go, at that moment."""

    student_id: UUID
    term: str
    threshold: Threshold
    goes_at: datetime

    @property
    def key(self) -> LetterKey:
        """The letter's place in a comparison of two policies."""
        return self.student_id, self.term, self.threshold


def letters_of(facts: Sequence[Fact], holds: Sequence[Hold], rules: Rules) -> list[Rehearsed]:
    """The letters about one student's term, in their order. `holds` are today's: those that were lifted are not known any more."""
    first = facts[0].data
    case = Case(first.student_id, first.term, first.school, first.student, "green", 0, facts[0].said_at)
    written: list[Rehearsed] = []
    for fact in facts:
        case = _written_before(case, fact.said_at, holds, rules, written)
        due = due_at(rules.policy, rules.hold, rules.calendar.term_named(case.term), rules.calendar, fact.said_at)
        draft = Draft(letter_id(fact.event_id), letter_id(fact.event_id), due)
        case = crossed(case, fact, draft) if isinstance(fact.data, ThresholdCrossed) else retracted(case, fact, draft)
    _written_before(case, None, holds, rules, written)
    return written


def outcomes(
    letters: Iterable[Rehearsed], reachable: Collection[LetterKey], cap: int, calendar: SchoolCalendar
) -> dict[LetterKey, Outcome]:
    """The outcome of each letter of a school; `reachable` are those that somebody would get, and the
    others take no place in their day."""
    going: Counter[date] = Counter()
    found: dict[LetterKey, Outcome] = {}
    for letter in sorted(letters, key=lambda one: (one.goes_at, one.key)):
        day = calendar.today(letter.goes_at)
        if letter.key not in reachable:
            found[letter.key] = "no-contact"
        elif going[day] >= cap:
            found[letter.key] = "awaiting-release"
        else:
            going[day] += 1
            found[letter.key] = "goes"
    return found


def _written_before(case: Case, until: datetime | None, holds: Sequence[Hold], rules: Rules, written: list[Rehearsed]) -> Case:
    """The case once the letter that waits is written or past, should that be before the next fact."""
    threshold = case.wanted()
    if case.waiting is None or threshold is None:
        return case
    for at, decision in _looks(case, threshold, holds, rules):
        if until is not None and at >= until:
            return case
        match decision:
            case Never(reason):
                return passed(case, reason)
            case Now():
                written.append(Rehearsed(case.student_id, case.term, threshold, at))
                return bound(case, threshold)
    return case


def _looks(case: Case, threshold: Threshold, holds: Sequence[Hold], rules: Rules) -> Iterator[tuple[datetime, Decision]]:
    assert case.waiting is not None
    at, kept = case.waiting.due_at, False
    for _ in range(MOST_LOOKS):
        decision = decision_at(
            LetterInWait(case, holds), threshold, rules.policy, rules.calendar, rules.tell_within, at, kept_by_staff=kept
        )
        yield at, decision
        match decision:
            case Never() | Now():
                return
            case _:
                at, kept = decision.until, kept or isinstance(decision, OnHold)
