"""Whether a student's family gets a letter, and about which threshold: the rules of one student's term. Pure: the clock is passed in.

A letter waits for a while after its crossing, so that a wrong roll can be mended before anybody is worried by it. Its threshold is decided
only when it is due: the highest one that still stands then and that no letter to the family was about.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.occasion import About, Count
from services.notifier.templates.rendering.occasions import NO_MORE
from shared.attendance.tiers import Threshold, Tier, highest_threshold
from shared.events.data import AbsentDay, Crossing, LetterOccasion, StandingChanged, StatementMade
from shared.identifiers import crossing_event_id

CrossingState = Literal["standing", "retracted", "lettered", "past"]
WaitingState = Literal["held", "no-contact", "on-hold", "awaiting-release"]
Past = Literal["term-over", "too-late", "threshold-off", "told-already", "not-chosen", "not-so-now", "no-contact"]
"""Why a letter that was due is not written: its term is over; staff held it for too long; the school's policy has no letter for its
threshold; the family has had a letter about the very same days. For a letter about no threshold: the school's policy has none of its kind
now; the good news is no longer so; there is nobody to send it to."""

CLOCKS_APART: Final = timedelta(minutes=5)
"""Events of one student come in order; an event that is older than the newest by more than clocks differ was sent again much later."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A crossing or a retraction, with the id and time of its event."""

    event_id: str
    said_at: datetime
    data: Crossing


@dataclass(frozen=True, slots=True)
class Kept:
    """A crossing of the case. Lettered: a letter about it, or about a higher one at that time, is written. Past: its event came too late
    for a letter, or staff decided that there is none. `said_at` is the time of its event; None: its retraction came first."""

    threshold: Threshold
    sequence: int
    event_id: str
    state: CrossingState
    letter_id: uuid.UUID | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that has not been written yet. Its threshold is what it would be about now.

    On hold: due, and staff hold it. Awaiting release: due when more were than may go in a day; `released` once a person let it go.
    """

    id: uuid.UUID
    work_id: uuid.UUID
    state: WaitingState
    kind: LetterKind
    due_at: datetime
    released: bool = False
    about: About = NO_MORE

    @property
    def threshold(self) -> Threshold | None:
        """The threshold that it is about; None for a statement or good news."""
        return self.kind if isinstance(self.kind, int) else None

    @property
    def occasion(self) -> LetterOccasion | None:
        """The occasion of a letter that is about no threshold; None for any other."""
        return None if isinstance(self.kind, int) else self.kind


@dataclass(frozen=True, slots=True)
class Draft:
    """The ids and the due time of a new letter, should there be one; drawn by the caller, as rules draw nothing."""

    letter_id: uuid.UUID
    work_id: uuid.UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One student's term. `absent_on` are the days that make up the total, as far as its event named them, and `illness_half_days` is how
    much of it was illness. `standing` is the version of the standing that these come from; 0 where only old crossings have come.
    `waiting` is about a threshold; `others` are statements and good news that wait: no crossing brings them or takes them back."""

    student_id: uuid.UUID
    term: str
    school: str
    student: str
    tier: Tier
    absent_half_days: int
    counted_at: datetime
    crossings: tuple[Kept, ...] = ()
    waiting: Waiting | None = None
    absent_on: tuple[AbsentDay, ...] = ()
    illness_half_days: int = 0
    standing: int = 0
    others: tuple[Waiting, ...] = ()

    def find(self, threshold: Threshold, sequence: int) -> Kept | None:
        """The crossing of that threshold and number."""
        return next((kept for kept in self.crossings if (kept.threshold, kept.sequence) == (threshold, sequence)), None)

    def in_wait(self) -> tuple[Waiting, ...]:
        """All letters that wait."""
        return self.others if self.waiting is None else (self.waiting, *self.others)

    def wanted(self) -> Threshold | None:
        """The highest threshold that stands and that no letter was about.

        The tier is ahead of the crossings: of several events of one change, some can be still on their way. A crossing above the
        tier will be retracted.
        """
        ceiling = highest_threshold(self.tier) or 0
        standing = max((kept.threshold for kept in self.crossings if kept.state == "standing" and kept.threshold <= ceiling), default=None)
        settled = max((kept.threshold for kept in self.crossings if kept.state in ("lettered", "past")), default=0)
        return standing if standing is not None and standing > settled else None

    def count(self) -> Count:
        """The student's total, for the words of a letter."""
        return Count(self.term, self.absent_half_days, self.counted_at, self.absent_on, self.illness_half_days)


def crossed(case: Case, fact: Fact, draft: Draft, *, long_ago: bool = False) -> Case:
    """A threshold was crossed. A repeat, or a crossing whose retraction came first, changes nothing.

    A crossing of `long_ago` is past: it is history that is read again, and no letter should be about it now.
    """
    data = fact.data
    if case.find(data.threshold, data.sequence) is not None:
        return case
    case = _counted(case, fact)
    higher = next((kept for kept in case.crossings if kept.state == "lettered" and kept.threshold > data.threshold), None)
    if higher is not None:
        return _with(case, [Kept(data.threshold, data.sequence, fact.event_id, "lettered", higher.letter_id, fact.said_at)])
    if long_ago:
        return _with(case, [Kept(data.threshold, data.sequence, fact.event_id, "past", said_at=fact.said_at)])
    case = _with(case, [Kept(data.threshold, data.sequence, fact.event_id, "standing", said_at=fact.said_at)])
    if data.threshold != highest_threshold(data.to_tier):
        # The same change passed a higher threshold as well: that one's event brings the letter for both.
        return case
    wanted = case.wanted()
    if wanted is None:
        return case
    if case.waiting is None:
        return replace(case, waiting=_new(draft, wanted))
    later = max(case.waiting.due_at, draft.due_at)
    return replace(case, waiting=replace(_about(case.waiting, wanted), due_at=later))


def retracted(case: Case, fact: Fact, draft: Draft) -> Case:
    """A crossing was taken back. The letter that waits is about what still stands, or about nothing: then there is none."""
    data = fact.data
    kept = case.find(data.threshold, data.sequence)
    if kept is not None and kept.state == "retracted":
        return case
    if kept is None:
        event_id = str(crossing_event_id(data.student_id, data.term, data.threshold, data.sequence, "up"))
        kept = Kept(data.threshold, data.sequence, event_id, "retracted")
    return _settled(_with(_counted(case, fact), [replace(kept, state="retracted")]), draft)


def stands(case: Case, standing: StandingChanged, said_at: datetime) -> Case:
    """The student's standing has changed. The letter that waits stays: crossings and retractions decide whether there is one."""
    if standing.version <= case.standing:
        return case
    return replace(
        case,
        tier=standing.tier,
        absent_half_days=standing.absent_half_days,
        counted_at=said_at,
        absent_on=tuple(standing.absent_on),
        illness_half_days=standing.illness_half_days,
        standing=standing.version,
    )


def stated(case: Case, statement: StatementMade, said_at: datetime) -> Case:
    """The student's total, as a statement has it: newer than the case's, unless a standing or a statement behind it is here already.

    Statements alone say it of students under every threshold.
    """
    if statement.standing < case.standing or (statement.standing == case.standing and said_at < case.counted_at):
        return case
    return replace(
        case,
        tier=statement.tier,
        absent_half_days=statement.absent_half_days,
        counted_at=said_at,
        absent_on=tuple(statement.absent_on),
        illness_half_days=statement.illness_half_days,
        standing=statement.standing,
    )


def is_so(case: Case, waiting: Waiting) -> bool:
    """Whether good news is good news still: no absence since it began. A statement says whatever is so."""
    match waiting.occasion:
        case "full-term":
            return case.absent_half_days == 0
        case "back-on-track":
            since = waiting.about.since
            return since is None or all(day.date < since for day in case.absent_on)
    return True


def released(case: Case, letter_id: uuid.UUID, draft: Draft) -> Case:
    """A letter was withdrawn before any of it went out: the crossings that it was about stand without a letter again."""
    standing = [
        replace(kept, state="standing", letter_id=None)
        for kept in case.crossings
        if kept.letter_id == letter_id and kept.state == "lettered"
    ]
    return _settled(_with(case, standing), draft)


def bound(case: Case, threshold: Threshold) -> Case:
    """The waiting letter is written, about this threshold, and covers the lower ones too."""
    assert case.waiting is not None
    covered = [
        replace(kept, state="lettered", letter_id=case.waiting.id)
        for kept in case.crossings
        if kept.state == "standing" and kept.threshold <= threshold
    ]
    return replace(_with(case, covered), waiting=None)


def passed(case: Case, reason: Past | Literal["discarded"]) -> Case:
    """The waiting letter is not written, and no later letter is about its crossings either.

    Only a threshold that the policy has no letter for keeps standing: should it be taken back, the one below may have a letter.
    """
    assert case.waiting is not None
    past = [replace(kept, state="past") for kept in case.crossings if kept.state == "standing"] if reason != "threshold-off" else []
    return replace(_with(case, past), waiting=None)


def said_of(case: Case, threshold: Threshold) -> datetime | None:
    """The time of the standing crossing's event; None without one."""
    return max(
        (kept.said_at for kept in case.crossings if kept.state == "standing" and kept.threshold == threshold and kept.said_at), default=None
    )


def _settled(case: Case, draft: Draft) -> Case:
    wanted = case.wanted()
    if wanted is None:
        return replace(case, waiting=None)
    if case.waiting is None:
        return replace(case, waiting=_new(draft, wanted))
    return replace(case, waiting=_about(case.waiting, wanted))


def _about(waiting: Waiting, threshold: Threshold) -> Waiting:
    """Staff hold the letter of one threshold: about another one, they are asked anew when it is due."""
    state = "held" if waiting.state == "on-hold" and threshold != waiting.threshold else waiting.state
    return replace(waiting, kind=threshold, state=state)


def _new(draft: Draft, threshold: Threshold) -> Waiting:
    return Waiting(draft.letter_id, draft.work_id, "held", threshold, draft.due_at)


def _counted(case: Case, fact: Fact) -> Case:
    data = fact.data
    versioned = data.standing or case.standing
    if data.standing <= case.standing if versioned else fact.said_at < case.counted_at - CLOCKS_APART:
        return case
    return replace(
        case,
        tier=data.to_tier,
        absent_half_days=data.absent_half_days,
        counted_at=fact.said_at,
        absent_on=tuple(data.absent_on),
        illness_half_days=data.illness_half_days,
        standing=data.standing,
    )


def _with(case: Case, changed: Iterable[Kept]) -> Case:
    by_key = {(kept.threshold, kept.sequence): kept for kept in case.crossings}
    by_key.update({(kept.threshold, kept.sequence): kept for kept in changed})
    return replace(case, crossings=tuple(by_key[key] for key in sorted(by_key)))
