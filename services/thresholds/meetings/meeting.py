"""A meeting with a family: its document, and the rules for changing it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from services.thresholds.casework.erasing import ERASED
from services.thresholds.casework.refusing import UnkeepableError
from services.thresholds.casework.schemas import Moment
from services.thresholds.schemas import Note, Text
from shared.web.schemas import Body

MeetingStatus = Literal["planned", "held", "missed", "cancelled"]

STANDARD: Final = "meeting-with-whanau"
"""The standard activity that a held meeting is."""

MOST_PEOPLE: Final = 50
USUAL_MINUTES: Final = 60
LONGEST: Final = 600


class Invited(Body):
    """A person of a meeting: `role` in the school's own words, as `mother`, `dean`, `Attendance Service`."""

    name: Text
    email: Text | None = None
    role: Text | None = None


class Meeting(Body):
    """A meeting. `outcome` is what was agreed; `staff` the person of the school who leads it.

    `assigned_to` is the account of the person who says afterwards whether it was held."""

    at: Moment = Field(description="When it begins, with an offset", examples=["2026-11-24T15:30:00+13:00"])
    minutes: Annotated[int, Field(ge=5, le=LONGEST)] = USUAL_MINUTES
    place: Text | None = None
    people: list[Invited] = Field(default=[], max_length=MOST_PEOPLE)
    agenda: Note | None = None
    outcome: Note | None = None
    status: MeetingStatus = "planned"
    staff: Text | None = None
    assigned_to: Text | None = None


class MeetingPatch(Body):
    """The fields to change; those that you leave out stay as they are. A new `at` moves the meeting."""

    at: Moment | None = None
    minutes: Annotated[int, Field(ge=5, le=LONGEST)] | None = None
    place: Text | None = None
    people: list[Invited] | None = Field(default=None, max_length=MOST_PEOPLE)
    agenda: Note | None = None
    outcome: Note | None = None
    status: MeetingStatus | None = None
    staff: Text | None = None
    assigned_to: Text | None = None


NEVER_NULL: Final = ("at", "minutes", "people", "status")

ON_THE_CALENDAR: Final = ("at", "minutes", "place", "people", "agenda")
"""The fields that a calendar shows. A change of one of them, and being cancelled, is a new SEQUENCE of the calendar file."""


def check(meeting: Meeting, now: datetime) -> None:
    """Raises UnkeepableError for a meeting that is held or missed before it begins."""
    if meeting.status in ("held", "missed") and meeting.at > now:
        raise UnkeepableError("future-date", f"the meeting has not begun, so it can't be {meeting.status}")


def changed(meeting: Meeting, patch: MeetingPatch) -> Meeting:
    """The meeting after a change. Raises UnkeepableError for a field that can't be null, and for a change of nothing."""
    if not patch.model_fields_set:
        raise UnkeepableError("bad-field", "name what is to be changed")
    for name in patch.model_fields_set.intersection(NEVER_NULL):
        if getattr(patch, name) is None:
            raise UnkeepableError("bad-field", f"{name}: can't be null")
    return meeting.model_copy(update={name: getattr(patch, name) for name in patch.model_fields_set})


def waits_from(meeting: Meeting, day: date) -> date | None:
    """The day from which a meeting on this day waits for somebody to say whether it was held."""
    return day if meeting.status == "planned" else None


def sequence(documents: Sequence[Mapping[str, Any]]) -> int:
    """The SEQUENCE of the calendar file after these versions, oldest first: how often the calendar changed."""
    shown = [[document.get("status") == "cancelled", *map(document.get, ON_THE_CALENDAR)] for document in documents]
    return sum(before != after for before, after in pairwise(shown))


def nameless(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without words about the student and the family, and without the people."""
    outcome = ERASED if document.get("outcome") is not None else None
    return {**document, "place": None, "people": [], "agenda": None, "outcome": outcome}
