"""An attempt to reach a family: its document, and the rules for recording it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from services.thresholds.casework.erasing import ERASED
from services.thresholds.casework.refusing import UnkeepableError
from services.thresholds.casework.schemas import Moment
from services.thresholds.schemas import Note, Text
from shared.web.schemas import Body

How = Literal["phone", "text", "email", "visit", "in-person", "letter"]
Outcome = Literal["reached", "no-answer", "message-left", "declined"]

TOOK_PART: Final[Mapping[Outcome, bool | None]] = {"reached": True, "declined": False, "no-answer": None, "message-left": None}
"""Whether the family took part; None where nobody was reached."""

AHEAD: Final = timedelta(minutes=5)
"""How far the clock of a school's computer may be ahead of ours."""


class _Attempt(Body):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=False, serialize_by_alias=True)

    how: How
    with_whom: Text = Field(alias="with", examples=["mother"])
    outcome: Outcome
    note: Note | None = None
    staff: Text
    activity: Text | None = Field(default=None, examples=["conversation-with-whanau"])


class ContactIn(_Attempt):
    """An attempt to reach a family. `at` is now, if you leave it out; `with` is the person whom the school tried to reach, in its words.

    `activity` records it as a response as well, by its key in the school's list, on the student's highest open record: only for an
    attempt that reached somebody.
    """

    at: Moment | None = Field(default=None, description="When it was, with an offset", examples=["2026-11-19T10:15:00+13:00"])

    def kept(self, now: datetime) -> "KeptContact":
        """The attempt as it is kept."""
        return KeptContact.model_validate(self.model_dump() | {"at": self.at or now})


class KeptContact(_Attempt):
    """An attempt with its time."""

    at: Moment

    @property
    def took_part(self) -> bool | None:
        """Whether the family took part; None where nobody was reached."""
        return TOOK_PART[self.outcome]


def check(contact: KeptContact, now: datetime) -> None:
    """Raises UnkeepableError for a time that has not come, and for a response to an attempt that reached nobody."""
    if contact.at > now + AHEAD:
        raise UnkeepableError("future-date", "at has not come yet: a contact is recorded when it has been tried")
    if contact.activity is not None and contact.took_part is None:
        raise UnkeepableError("nobody-reached", "an attempt that reached nobody is no response: leave activity out")


def nameless(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without words about the student and the family."""
    return {**document, "with": ERASED, "note": None}
