"""The items of work, their order and their sentences. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from services.thresholds.casework.piece import Piece
from services.thresholds.records.showing import SchoolContext
from services.thresholds.records.star_records.record import Record
from services.thresholds.replies.reply import KeptReply
from services.thresholds.roster.repository.students import RosterStudent
from services.thresholds.support_plans.support_plan import KeptPlan, open_actions
from services.thresholds.work.rolls import UnmarkedRoll
from shared.events.data import ReplyChoice

WorkKind = Literal[
    "overdue",
    "family-reply",
    "support-plan-review",
    "support-plan-action",
    "meeting",
    "due",
    "unmarked-roll",
    "unexplained",
    "absent-in-a-row",
    "unexplained-in-a-row",
    "back-after-absence",
    "plan-review",
    "unanswered",
]
"""`overdue` and `due`: a record whose due day has passed, or comes. `family-reply`: a family has answered a letter, and nobody has seen
to it. `support-plan-review`: a plan of a student whose review is due; `support-plan-action`: one of its actions whose day has passed.
`meeting`: a meeting of which nobody has said whether it was held.
`unmarked-roll`: half days on which nobody of a group, or of the school, was marked. `unexplained`: `?` marks older than a week.
`absent-in-a-row`, `unexplained-in-a-row`, `back-after-absence`: runs of days that the school wants to hear of. `unanswered`: a record that
has no due day."""

ORDER: Final[Mapping[WorkKind, int]] = {
    "overdue": 0,
    "family-reply": 0,
    "support-plan-review": 1,
    "support-plan-action": 1,
    "meeting": 1,
    "due": 1,
    "unmarked-roll": 2,
    "unexplained": 3,
    "absent-in-a-row": 3,
    "unexplained-in-a-row": 3,
    "back-after-absence": 3,
    "plan-review": 4,
    "unanswered": 5,
}
"""Kinds of one place are in the order of their days."""

HALF: Final = {"AM": "morning", "PM": "afternoon"}

EXPLAIN_WITHIN: Final = timedelta(days=7)
"""A `?` older than this waits for somebody; the data-quality report lists it from then on, too."""

REVIEW_WITHIN: Final = timedelta(days=60)
"""A plan's review is on the list this long before its day: two months leave room for a meeting of the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A thing that waits for a person."""

    kind: WorkKind
    sentence: str
    due: date | None = None
    student: str | None = None
    person: RosterStudent | None = None
    record: Record | None = None
    group: str | None = None
    piece: UUID | None = None
    """The meeting, the support plan or the reply that it is about."""
    assigned_to: str | None = None
    """The account, or the words, that it was assigned to."""
    newest: date | None = None
    """The day on which the last of its parts fell due, where it is not `due`: another part makes it another thing to be told of."""

    @property
    def key(self) -> tuple[int, date, int, str, str, str]:
        """Its place: the worst first, then the longest waiting, then the highest threshold."""
        threshold = self.record.threshold if self.record and self.record.threshold else 0
        last = str(self.record.id if self.record else self.piece or "")
        return ORDER[self.kind], self.due or date.max, -threshold, self.student or self.group or "", self.kind, last


def of_record(record: Record, person: RosterStudent | None, context: SchoolContext) -> WorkItem:
    """An open record that no response answers."""
    due = context.due_on(record)
    reached = (
        f"{_name(record.student, person)} reached {record.threshold} days on {in_words(record.crossed_on)}"
        if record.threshold is not None and record.origin == "crossing"
        else f"A record of {_name(record.student, person)} was opened by hand on {in_words(record.crossed_on)}"
    )
    days = context.due.school_days
    late = 0 if due is None else max(bisect_right(days, context.today) - bisect_right(days, due), 0)
    if due is None:
        kind: WorkKind = "unanswered"
        waits = "nobody has responded, and there is no due day"
    elif due < context.today:
        kind = "overdue"
        waits = f"a response was due on {in_words(due)}{f', {late} school {_days(late)} ago' if late else ''}"
    else:
        kind = "due"
        waits = f"a response is due {'today' if due == context.today else f'on {in_words(due)}'}"
    return WorkItem(
        kind=kind,
        sentence=f"{reached}; {waits}.",
        due=due,
        student=record.student,
        person=person,
        record=record,
        assigned_to=record.assigned_to,
    )


def of_unexplained(student: str, person: RosterStudent | None, days: Sequence[date]) -> WorkItem:
    """Days with a `?` that stands for more than a week, in order. The item is due when the first of them was to be explained."""
    more = f" and {len(days) - 1} more {_days(len(days) - 1)}" if len(days) > 1 else ""
    sentence = f"{_name(student, person)} was absent on {in_words(days[0])}{more} and nobody has explained it."
    return WorkItem(kind="unexplained", sentence=sentence, due=days[0] + EXPLAIN_WITHIN, student=student, person=person)


def of_roll(roll: UnmarkedRoll) -> WorkItem:
    """A roll that nobody marked. The item is due on the first of its days."""
    (first, session), count = roll.halves[0], len(roll.halves)
    whole = count == 2 and roll.halves[1][0] == first
    when = in_words(first) + ("" if whole or count > 2 else f", {HALF[session]}")
    rest = f"{count / 2:g} {'day' if count == 2 else 'days'} in all"
    roll_of = f"The roll of {roll.group}" if roll.group else "No roll of the school"
    negated = " not" if roll.group else ""
    if count == 1 or whole:
        sentence = f"{roll_of} was{negated} marked on {when}."
    elif roll.lasts:
        sentence = f"{roll_of} has{negated} been marked since {when}: {rest}."
    else:
        sentence = f"{roll_of} was{negated} marked on {when} and later: {rest}."
    return WorkItem(kind="unmarked-roll", sentence=sentence, due=first, group=roll.group)


def of_meeting(piece: Piece, at: datetime, person: RosterStudent | None, today: date, now: datetime) -> Iterable[WorkItem]:
    """A meeting of which nobody has said whether it was held, once it has begun; `at` is on the school's clock."""
    if at > now:
        return
    begun = at.date()
    when = "today" if begun == today else f"on {in_words(begun)}"
    sentence = f"{_name(piece.student, person)}: a meeting was planned {when}; nobody has said whether it was held."
    assigned_to = piece.document.get("assigned_to")
    yield WorkItem(
        kind="meeting", sentence=sentence, due=begun, student=piece.student, person=person, piece=piece.id, assigned_to=assigned_to
    )


def of_support_plan(piece: Piece, plan: KeptPlan, person: RosterStudent | None, today: date) -> Iterable[WorkItem]:
    """An agreed plan whose review is due, and its actions whose day has passed: one item for each person to whom they belong, due by the
    first of their days."""
    of_piece = WorkItem(
        kind="support-plan-review", sentence="", student=piece.student, person=person, piece=piece.id, assigned_to=plan.assigned_to
    )
    if plan.next_review is not None and plan.next_review <= today:
        tense = "is due today" if plan.next_review == today else f"was due on {in_words(plan.next_review)}"
        sentence = f"{_name(piece.student, person)}: the review of the support plan {tense}."
        yield replace(of_piece, sentence=sentence, due=plan.next_review)
    overdue: dict[str | None, list[date]] = {}
    for action in open_actions(plan):
        if action.by is not None and action.by < today:
            overdue.setdefault(action.assigned_to or plan.assigned_to, []).append(action.by)
    for assigned_to, days in overdue.items():
        actions = "an action of the support plan was" if len(days) == 1 else f"{len(days)} actions of the support plan were"
        first = "due" if len(days) == 1 else "due, the first"
        sentence = f"{_name(piece.student, person)}: {actions} {first} on {in_words(days[0])}."
        yield replace(of_piece, kind="support-plan-action", sentence=sentence, due=days[0], assigned_to=assigned_to, newest=days[-1])


REPLIED: Final[Mapping[ReplyChoice, str]] = {
    "ill": "the child is ill",
    "school-matter": "something at school makes it hard",
    "need-help": "the family needs help",
    "wrong-number": "the number of days is wrong",
    "ring-me": "please ring",
}


def of_reply(
    piece: Piece, reply: KeptReply, person: RosterStudent | None, record: Record | None, day: date, assigned: str | None
) -> WorkItem:
    """A family's answer that nobody has seen to yet; `day` is its day at the school, `assigned` the name of the record's person."""
    whose = f" It is for {assigned}." if assigned else ""
    more = ", and wrote a few words" if reply.has_words else ""
    sentence = f"The family of {_name(piece.student, person)} answered on {in_words(day)}: {REPLIED[reply.choice]}{more}.{whose}"
    return WorkItem(
        kind="family-reply",
        sentence=sentence,
        due=day,
        student=piece.student,
        person=person,
        record=record,
        piece=piece.id,
        assigned_to=record.assigned_to if record is not None else None,
    )


def of_plan(review_on: date | None, today: date) -> Iterable[WorkItem]:
    """The review of the published plan, from two months before its day on."""
    if review_on is not None and review_on <= today + REVIEW_WITHIN:
        tense = "was" if review_on < today else "is"
        yield WorkItem(
            kind="plan-review", sentence=f"The review of the published plan {tense} due on {in_words(review_on)}.", due=review_on
        )


def in_words(day: date) -> str:
    """A day as people at a school write it: `Tue 17 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def _name(student: str, person: RosterStudent | None) -> str:
    return person.name if person else f"Student {student}"


def _days(count: int) -> str:
    return "day" if count == 1 else "days"
