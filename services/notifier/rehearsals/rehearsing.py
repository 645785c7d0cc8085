"""A rehearsal of a school's letters: its crossings of some weeks, by the choices in force and by others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Contact
from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.repository import contacts
from services.notifier.letters.case import Case
from services.notifier.letters.desk import Desk
from services.notifier.letters.policy import Policy, PolicyDefaults, cap_of, chosen, on_paper, with_defaults
from services.notifier.letters.repository import cases
from services.notifier.letters.repository.cases import CaseKey
from services.notifier.rehearsals import repository
from services.notifier.rehearsals.comparing import Change, Copy, LetterThen, change_between
from services.notifier.rehearsals.history import PastCrossing, facts_of
from services.notifier.rehearsals.replaying import LetterKey, Rehearsed, Rules, letters_of, outcomes
from services.notifier.templates.languages import HOUSE, best
from services.notifier.templates.repository.templates import TemplateVersion
from shared.attendance.tiers import THRESHOLDS, Threshold

LONGEST_HOLD: Final = timedelta(days=14)
"""The longest waiting time of a policy: a letter of the weeks can be about a crossing so long before them."""

WordsTried = Mapping[Threshold, Mapping[str, TemplateVersion]]
"""Words that are tried out, by threshold and language."""


@dataclass(frozen=True, slots=True)
class Line:
    """A student's letter in both rehearsals."""

    student_id: UUID
    student: str
    term: str
    threshold: Threshold
    before: LetterThen | None
    after: LetterThen | None
    change: Change


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The crossings that were played, and each letter."""

    crossings: int
    lines: Sequence[Line]
    people: Mapping[UUID, Contact]


@dataclass(frozen=True, slots=True)
class Tried:
    """The choices of one rehearsal. No policy: the one in force."""

    policy: Policy | None = None
    words: WordsTried = field(default_factory=dict)


async def rehearse(
    connection: AsyncConnection, school: str, tried: Tried, since: datetime, now: datetime, defaults: PolicyDefaults, *, texts: bool
) -> Rehearsal:
    """The rehearsal of other choices beside those in force. Roster, holds and addresses are today's."""
    played: dict[CaseKey, list[PastCrossing]] = defaultdict(list)
    for crossing in await repository.crossings_of(connection, school, since - LONGEST_HOLD):
        played[crossing.student_id, crossing.term].append(crossing)
    known = await cases.read_all(connection, played.keys())
    desk = await Desk.of(connection, [(case, threshold) for case in known.values() for threshold in THRESHOLDS], defaults, now)
    if school not in desk.schools:
        return Rehearsal(0, [], {})
    stage = _Stage(desk, played, known, since, defaults, await contacts.count_of_school(connection, school), texts=texts)
    before, after = stage.play(school, Tried()), stage.play(school, tried)
    lines = [
        Line(id_, known[id_, term].student, term, threshold, old, new, change_between(old, new))
        for id_, term, threshold in sorted(before.keys() | after.keys())
        for old, new in [(before.get((id_, term, threshold)), after.get((id_, term, threshold)))]
    ]
    recent = sum(crossing.said_at >= since for crossings in played.values() for crossing in crossings)
    return Rehearsal(recent, lines, desk.contacts)


@dataclass(frozen=True, slots=True)
class _Stage:
    """The parts that both rehearsals are played with."""

    desk: Desk
    played: Mapping[CaseKey, Sequence[PastCrossing]]
    known: Mapping[CaseKey, Case]
    since: datetime
    defaults: PolicyDefaults
    students: int
    texts: bool

    def play(self, school: str, tried: Tried) -> dict[LetterKey, LetterThen]:
        """The letters since the beginning of the weeks."""
        defaults, calendar = self.defaults, self.desk.schools[school].calendar()
        policy = self.desk.policies[school] if tried.policy is None else with_defaults(tried.policy, defaults)
        rules = Rules(policy, defaults.hold, defaults.tell_within, calendar)
        letters = [
            letter
            for key, crossings in self.played.items()
            for letter in letters_of(facts_of(crossings), self.desk.holds[key], rules)
            if letter.goes_at >= self.since
        ]
        copies = {letter.key: self._copies(school, letter, policy, tried.words) for letter in letters}
        cap = cap_of(policy, self.students, least=defaults.cap_least, share=defaults.cap_share)
        became = outcomes(letters, {key for key, found in copies.items() if found}, cap, calendar)
        return {letter.key: LetterThen(letter.goes_at, became[letter.key], copies[letter.key]) for letter in letters}

    def _copies(self, school: str, letter: Rehearsed, policy: Policy, tried: WordsTried) -> list[Copy]:
        case, paper = self.known[letter.student_id, letter.term], on_paper(policy, letter.threshold)
        to = self.desk.recipients(case, texts=self.texts, paper=paper)
        new = tried.get(letter.threshold, {})
        words = {**self.desk.words[school, letter.threshold], **new}
        return [_copy(place, recipient, words, new) for place, recipient in enumerate(chosen(policy, to))]


def _copy(place: int, recipient: Recipient, words: Mapping[str, TemplateVersion], tried: Mapping[str, TemplateVersion]) -> Copy:
    version = best(words, recipient.language) if recipient.channel != "text" else None
    if version is None:
        return Copy(place, recipient.channel, HOUSE, "house")
    return Copy(place, recipient.channel, version.language, "proposed" if version.language in tried else "school")
