"""The checklist of a student's term: what the guide, a prosecution and the Attendance Service ask for. Pure.

The guide's table is public. The Ministry asks for attendance records, support plans and warning notices before it prosecutes, and not where
a family engages; the Attendance Service asks that the school has worked an individual plan first. The wording here is ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from services.thresholds.contacts.contact import KeptContact
from services.thresholds.letters.letter import KeptLetter
from services.thresholds.meetings.meeting import Meeting
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.star_records.record import Record
from services.thresholds.support_plans.support_plan import KeptPlan
from shared.attendance.tiers import level_of

Source = Literal["guide", "prosecution", "attendance-service"]
Mend = Literal["contacts", "meetings", "support-plans", "records", "data-quality"]
"""The place where a person mends it: the end of the student's own path, or of the school's."""

GRACE: Final = timedelta(days=3)
"""How long after its day a review is still in time: a weekend, and the day after."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A point: its name, whether it is met, why, the list that asks for it, and where it is mended."""

    item: str
    met: bool
    why: str
    source: Source
    mend: Mend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a term that the checklist reads. Withdrawn responses and contacts are in none of them."""

    today: date
    absent_half_days: int
    unmarked_half_days: int
    unexplained: int
    records: Sequence[Record]
    responses: Sequence[RecordedResponse]
    contacts: Sequence[KeptContact]
    meetings: Sequence[Meeting]
    plans: Sequence[KeptPlan]
    replies: int = 0
    letters: Sequence[KeptLetter] = ()

    def responded(self, *standards: str) -> bool:
        """Whether a response of one of these standard codes stands."""
        return any(response.standard in standards for response in self.responses)

    @property
    def agreed(self) -> list[KeptPlan]:
        """The plans that were agreed, those that have ended since included."""
        return [plan for plan in self.plans if plan.agreed_on is not None]


def checklist(facts: Facts) -> list[Asked]:
    """The points that apply to the student: the guide's, as far as they have come; then those of the two other lists."""
    level = max([level_of(facts.absent_half_days), *(_level(record) for record in facts.records)], default=0)
    return [*_guide(facts, level), *_prosecution(facts), *_attendance_service(facts)]


def _guide(facts: Facts, level: int) -> Iterable[Asked]:
    if level >= 1:
        reached = [contact for contact in facts.contacts if contact.took_part]
        talked = facts.responded("conversation-with-whanau", "meeting-with-whanau")
        tried = len(facts.contacts)
        why = (
            "the school has talked with the family"
            if reached or talked
            else f"{_count(tried, 'attempt')}, and nobody was reached"
            if tried
            else "nobody has tried to reach the family"
        )
        yield _item("contact-home", bool(reached or talked), why, "guide", "contacts")
    if level >= 2:
        held = sum(meeting.status == "held" for meeting in facts.meetings)
        missed = sum(meeting.status == "missed" for meeting in facts.meetings)
        why = f"{_count(held, 'meeting')} held, {missed} missed" if facts.meetings else "no meeting is on record"
        yield _item("meeting-held", bool(held) or facts.responded("meeting-with-whanau"), why, "guide", "meetings")
        yield _plan(facts, "plan-agreed", "guide")
        yield _reviewed(facts)
    if level >= 3:
        intensive = any(plan.level == "intensive" for plan in facts.agreed)
        why = "an intensive plan was agreed" if intensive else "no intensive plan was agreed"
        yield _item("intensive-plan", intensive, why, "guide", "support-plans")
        agencies = any(action.who == "agency" for plan in facts.agreed for action in plan.actions)
        referred = facts.responded("external-agency-referral", "attendance-service-referral")
        why = "an agency has a part" if agencies or referred else "no agency has an action of a plan, and nobody was asked"
        yield _item("agencies", agencies or referred, why, "guide", "support-plans")


def _prosecution(facts: Facts) -> Iterable[Asked]:
    complete = not facts.unmarked_half_days and not facts.unexplained
    gaps = [_count(facts.unmarked_half_days, "half day") + " not marked"] if facts.unmarked_half_days else []
    gaps += [_count(facts.unexplained, "day") + " without an explanation"] if facts.unexplained else []
    why = "every half day so far is marked and explained" if complete else " and ".join(gaps)
    yield _item("attendance-record", complete, why, "prosecution", "data-quality")
    yield _plan(facts, "support-plan", "prosecution")
    arrived = [letter for letter in facts.letters if letter.is_notice and letter.came_back_at is None]
    warned = bool(arrived) or facts.responded("written-communication")
    why = (
        "a written notice is on record"
        if warned
        else "no notice went that arrived, and no response says that the family was warned in writing"
    )
    yield _item("warning-notice", warned, why, "prosecution", "records")
    part = (
        facts.replies > 0
        or any(contact.took_part is not None for contact in facts.contacts)
        or any(meeting.status in ("held", "missed") for meeting in facts.meetings)
        or any(review.took_part is not None for plan in facts.plans for review in plan.reviews)
    )
    why = "contacts, meetings, reviews or replies say whether the family took part" if part else "nothing says whether the family took part"
    yield _item("family-s-part", part, why, "prosecution", "contacts")


def _attendance_service(facts: Facts) -> Iterable[Asked]:
    yield _plan(facts, "individual-plan-first", "attendance-service")
    barriers = any(plan.barriers for plan in facts.plans) or facts.responded("barriers-identified")
    why = "barriers are written down" if barriers else "no plan names a barrier"
    yield _item("barriers", barriers, why, "attendance-service", "support-plans")
    assigned = any(record.assigned_to for record in facts.records)
    why = "a record is assigned to a person" if assigned else "no record is assigned to a person: a case has one contact at the school"
    yield _item("primary-contact", assigned, why, "attendance-service", "records")


def _plan(facts: Facts, item: str, source: Source) -> Asked:
    if facts.agreed:
        return _item(item, True, "a support plan was agreed", source, "support-plans")
    why = "the support plan is a draft: nobody has agreed to it" if facts.plans else "there is no support plan"
    return _item(item, False, why, source, "support-plans")


def _reviewed(facts: Facts) -> Asked:
    current = [plan for plan in facts.agreed if plan.status == "agreed"]
    late = [plan for plan in current if plan.next_review is not None and plan.next_review + GRACE < facts.today]
    if not facts.agreed:
        return _item("plan-reviewed", False, "there is no agreed plan to review", "guide", "support-plans")
    if late:
        return _item("plan-reviewed", False, "the review of the plan is overdue", "guide", "support-plans")
    number = sum(len(plan.reviews) for plan in facts.agreed)
    why = f"{_count(number, 'review')} so far" if number else "the first review is not due yet"
    return _item("plan-reviewed", True, why, "guide", "support-plans")


def _item(item: str, met: bool, why: str, source: Source, mend: Mend) -> Asked:
    return Asked(item, met, why, source, None if met else mend)


def _level(record: Record) -> int:
    return 0 if record.threshold is None or record.status == "withdrawn" else record.threshold // 5


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
