"""A reply: the choices, and what is kept of one. Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from services.notifier.contacts.one_line import one_line
from services.notifier.contacts.recipients import Channel
from services.notifier.replies.choice import RepliesChoice
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.events.catalogue import FAMILY_REPLIED
from shared.events.data import FamilyReplied, ReplyChoice
from shared.events.envelope import Event

CHOICES: Final[tuple[ReplyChoice, ...]] = get_args(ReplyChoice)
MOST_WORDS: Final = 500
"""Characters of the family's own words: a few sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A letter to one address, and whom it is about."""

    delivery_id: uuid.UUID
    letter_id: uuid.UUID
    school: str
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Sent):
    """The link that goes with a letter. `language` is the recipient's; the token itself is kept nowhere."""

    language: str
    digest: bytes
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Sent):
    """An answer as it is kept. `words` are the family's own; None for none, and once they were erased."""

    id: uuid.UUID
    choice: ReplyChoice
    words: str | None
    hold_until: date | None
    replied_at: datetime


Read = tuple[ReplyChoice, str | None]
"""The choice of a form, and the words."""


def read_answer(fields: dict[str, list[str]]) -> Read | Literal["nothing-chosen"]:
    """The answer in a form. Words that are too long are cut: a family that wrote much is not sent back."""
    choice = next((choice for choice in CHOICES if fields.get("choice") == [choice]), None)
    if choice is None:
        return "nothing-chosen"
    words = one_line(" ".join(fields.get("words", ()))).strip()[:MOST_WORDS]
    return choice, words or None


def hold_until(choice: RepliesChoice | None, calendar: SchoolCalendar, now: datetime) -> date | None:
    """Until when a reply holds the student's letters, by the policy in force: today is the first of its days."""
    days = choice.hold_days if choice is not None else 0
    return calendar.today(now) + timedelta(days=days - 1) if days else None


def event_of(reply: Reply) -> Event:
    """The event that there is a reply: without its words."""
    data = FamilyReplied(
        reply_id=reply.id,
        letter_id=reply.letter_id,
        school=reply.school,
        student=reply.student,
        student_id=reply.student_id,
        term=reply.term,
        threshold=reply.threshold,
        # No letter on paper has a link.
        channel="text" if reply.channel == "text" else "email",
        choice=reply.choice,
        has_words=reply.words is not None,
        hold_until=reply.hold_until,
        replied_at=reply.replied_at,
    )
    return Event(FAMILY_REPLIED, str(reply.id), "/notifier", reply.replied_at, str(reply.student_id), data)
