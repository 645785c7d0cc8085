"""Whether a letter that went can be taken back by a letter of correction. Pure rules; SQL is the repository's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from services.notifier.contacts.recipients import Channel
from services.notifier.delivery.deliveries.delivery import DeliveryStatus
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.events.data import AbsentDay

CORRECTABLE: Final[tuple[Channel, ...]] = ("email", "paper")
"""Ways of letters that are corrected in the same way. A text message has too few words to be taken back."""

CorrectionRefusal = Literal[
    "not-correctable", "erased", "corrected-already", "nothing-to-correct", "never-corrected", "recipient-gone", "term-over"
]

WHY: Final[dict[CorrectionRefusal, str]] = {
    "not-correctable": "only a letter about a threshold that was sent by e-mail or posted can be corrected, and a correction is none",
    "erased": "what was written, or to whom, has been erased",
    "corrected-already": "a correction of it has gone, or is about to",
    "nothing-to-correct": "every day that it tells of still counts",
    "never-corrected": "the school's letter policy has no letters of correction",
    "term-over": "the term is over, and the school's letter policy has no letters about it any more",
    "recipient-gone": "none of the student's caregivers who may be written to has that address now",
}


@dataclass(frozen=True, slots=True)
class CorrectableLetter:
    """A delivery as a correction of it needs it. `told`: the days that it told of; `corrections` counts those made, cancelled ones
    included, and `is_corrected` says whether one of them went or waits."""

    id: UUID
    letter_id: UUID
    threshold: Threshold | None
    channel: Channel
    status: DeliveryStatus
    recipient: str | None
    told: tuple[AbsentDay, ...]
    corrects: UUID | None
    corrections: int
    is_corrected: bool


def wrong_days(told: Sequence[AbsentDay], absent_on: Sequence[AbsentDay]) -> list[AbsentDay]:
    """The days, or halves of them, that a family was told of and that do not count now."""
    now = {day.date: day.half_days for day in absent_on}
    over = [(day.date, day.half_days - now.get(day.date, 0)) for day in told]
    return [AbsentDay(day, half_days) for day, half_days in over if half_days > 0]


def in_no_other_term(wrong: Sequence[AbsentDay], calendar: SchoolCalendar, term: str) -> list[AbsentDay]:
    """Those of a letter's wrong days that a family would be told of. A day on which a term of another name lies now counts there: nobody
    corrected it, the name of its term did."""
    return [day for day in wrong if (now := calendar.term_on(day.date)) is None or now.name == term]


def refusal_of(sent: CorrectableLetter, absent_on: Sequence[AbsentDay]) -> CorrectionRefusal | None:
    """Why there is no correction of it; None when it can be corrected."""
    if sent.threshold is None or sent.status != "sent" or sent.channel not in CORRECTABLE or sent.corrects is not None:
        return "not-correctable"
    if sent.recipient is None or not sent.told:
        return "erased"
    if sent.is_corrected:
        return "corrected-already"
    return None if wrong_days(sent.told, absent_on) else "nothing-to-correct"
