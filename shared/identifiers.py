"""Every identifier that is derived rather than drawn, in one place.

Derived identifiers make repetition harmless: a replay of the same facts arrives at the same ids, and a UNIQUE constraint says the
rest. None of them is made from the national student number.
"""

import re
import uuid
from datetime import date
from functools import lru_cache
from typing import Final, NewType

SchoolNumber = NewType("SchoolNumber", str)
"""The Ministry's school number: four characters, zero-padded (`"0189"`)."""

StudentId = NewType("StudentId", uuid.UUID)
"""One student at one school, across terms; the key of every topic about students."""

NAMESPACE = uuid.UUID("8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10")

MOST_KEY: Final = 64

_SCHOOL = re.compile(r"[0-9]{1,4}")
_TERM = re.compile(r"[0-9]{4}-T[1-4]")
_HOLDER = re.compile(r"(.+)~([2-9]|[1-9][0-9]{1,2})")


def school_number(text: str | int) -> SchoolNumber:
    """Pads a school's number to four digits.

    Raises ValueError for anything but one to four digits.
    """
    digits = str(text)
    if not _SCHOOL.fullmatch(digits):
        raise ValueError("a school number is one to four digits")
    return SchoolNumber(digits.zfill(4))


def is_term_name(text: str) -> bool:
    """Whether the text names a term, as in `2026-T4`."""
    return bool(_TERM.fullmatch(text))


def is_student_key(text: str) -> bool:
    """Whether the text can be a school's own key of a student: 1 to 64 printable ASCII characters, no blanks at the ends."""
    return 0 < len(text) <= MOST_KEY and text.isascii() and text.isprintable() and " " not in (text[0], text[-1])


def holder_key(key: str, number: int) -> str:
    """The engine's key of the `number`-th child (from 2 on) to whom a school gives the same key."""
    return f"{key[: MOST_KEY - 4]}~{number}"


def held_key(student: str) -> tuple[str, int] | None:
    """The school's key that the engine's key of a child stands for (see `holder_key`), and the child's number; None for a school's own key.

    For readers that hear no roster: a school's own key that ends in the same way reads like the engine's.
    """
    match = _HOLDER.fullmatch(student)
    return None if match is None else (match[1], int(match[2]))


def uuid_or_none(text: str | None) -> uuid.UUID | None:
    """The id that a text of others writes out; None for none, and for what can't be one."""
    try:
        return None if text is None else uuid.UUID(text)
    except ValueError:
        return None


@lru_cache(50_000)
def student_id(school: str, student: str) -> StudentId:
    """The id of the student whom the school's system calls `student`."""
    return StudentId(uuid.uuid5(NAMESPACE, f"student/{school}/{student}"))


def star_record_id(student: uuid.UUID, term: str, threshold: int) -> uuid.UUID:
    """The id of the STAR record that a crossing opens: one a student, term and threshold."""
    return uuid.uuid5(NAMESPACE, f"star-record/{student}/{term}/{threshold}")


def crossing_event_id(student: uuid.UUID, term: str, threshold: int, sequence: int, direction: str) -> uuid.UUID:
    """The id of the event that tells the `sequence`-th crossing of a threshold, or its retraction."""
    return uuid.uuid5(NAMESPACE, f"crossing/{student}/{term}/{threshold}/{sequence}/{direction}")


def approaching_event_id(student: uuid.UUID, term: str, threshold: int, occurred_on: date) -> uuid.UUID:
    """The event that a student's total came near a threshold on a day: one, however often corrections take it away and back."""
    return uuid.uuid5(NAMESPACE, f"approaching/{student}/{term}/{threshold}/{occurred_on}")


def standing_event_id(student: uuid.UUID, term: str, version: int) -> uuid.UUID:
    """The event of a version of a student's standing in a term."""
    return uuid.uuid5(NAMESPACE, f"standing/{student}/{term}/{version}")


def delivery_id(letter: uuid.UUID, address: str) -> uuid.UUID:
    """The id of a letter's delivery to one address, whatever its case; the Message-ID is made of it, so every attempt has the same."""
    return uuid.uuid5(NAMESPACE, f"delivery/{letter}/{address.casefold()}")


def webhook_delivery_id(subscription: uuid.UUID, event_id: str) -> uuid.UUID:
    """The id of an event's delivery to a subscription: one, however often the event is read or replayed."""
    return uuid.uuid5(NAMESPACE, f"webhook/{subscription}/{event_id}")


def judgement_event_id(proposal: uuid.UUID) -> uuid.UUID:
    """The id of the event that answers a proposal."""
    return uuid.uuid5(NAMESPACE, f"judged/{proposal}")


def plan_event_id(school: str, version: int) -> uuid.UUID:
    """The id of the event that a version of a school's plan was published."""
    return uuid.uuid5(NAMESPACE, f"plan/{school}/{version}/published")


def plan_review_id(school: str, version: int, notice: str) -> uuid.UUID:
    """The id of the work that says that a plan's review falls due, and of the event it says it with. `notice`: ahead, or due."""
    return uuid.uuid5(NAMESPACE, f"plan/{school}/{version}/review/{notice}")


def statements_event_id(school: str, term: str, occasion: str, on: date) -> uuid.UUID:
    """The event that a school asks for its students' statements on a day."""
    return uuid.uuid5(NAMESPACE, f"statements/{school}/{term}/{occasion}/{on}")


def statement_event_id(student: uuid.UUID, term: str, occasion: str, on: date) -> uuid.UUID:
    """The event of a student's statement that was asked for on a day."""
    return uuid.uuid5(NAMESPACE, f"statement/{student}/{term}/{occasion}/{on}")


def letter_id(event_id: str) -> uuid.UUID:
    """The id of the letter that an event makes wait: the same when the event is read again by a database that has forgotten it, so that a
    letter that goes twice then has the same Message-ID."""
    return uuid.uuid5(NAMESPACE, f"letter/{event_id}")


def occasion_letter_id(student: uuid.UUID, term: str, occasion: str, on: date) -> uuid.UUID:
    """The id of a letter that is about no threshold: one for each student, occasion and day."""
    return uuid.uuid5(NAMESPACE, f"letter/{student}/{term}/{occasion}/{on}")


def notice_id(kind: str, *place: object) -> uuid.UUID:
    """The id of an e-mail to staff, and of its work: one for each letter that is copied, school day, plan's review or flood."""
    return uuid.uuid5(NAMESPACE, f"notice/{kind}/" + "/".join(map(str, place)))


def resend_id(delivery: uuid.UUID, number: int) -> uuid.UUID:
    """The id of the `number`-th time that a delivery is sent again because a person asked for it."""
    return uuid.uuid5(NAMESPACE, f"resend/{delivery}/{number}")


def correction_id(delivery: uuid.UUID, number: int) -> uuid.UUID:
    """The delivery of the number-th correction of a letter to one address."""
    return uuid.uuid5(NAMESPACE, f"correction/{delivery}/{number}")


def reply_id(delivery: uuid.UUID) -> uuid.UUID:
    """The reply to a letter that reached one address: one, as its link holds once."""
    return uuid.uuid5(NAMESPACE, f"reply/{delivery}")


def address_id(school: str, key: str) -> uuid.UUID:
    """The id under which a school's address is remembered when letters come back from it, so that the address itself can be forgotten."""
    return uuid.uuid5(NAMESPACE, f"address/{school}/{key}")


def window_id(school: str, week: str) -> uuid.UUID:
    """The id of the work that closes a school's week."""
    return uuid.uuid5(NAMESPACE, f"window/{school}/{week}")


def upload_key(school: str, week: str, number: int) -> uuid.UUID:
    """The idempotency key of the `number`-th upload of a school's week."""
    return uuid.uuid5(NAMESPACE, f"upload/{school}/{week}/{number}")


def kamar_event_id(document: uuid.UUID, *place: object) -> uuid.UUID:
    """The id of an event that a KAMAR document makes; the same whenever the document is processed again."""
    return uuid.uuid5(NAMESPACE, f"kamar/{document}/" + "/".join(map(str, place)))


def casework_id(kind: str, student: uuid.UUID, key: str) -> uuid.UUID:
    """The id of a contact, meeting or support plan that a client sends under a key of its own: the same, however often it is sent."""
    return uuid.uuid5(NAMESPACE, f"casework/{kind}/{student}/{key}")


def sent_id(kind: str, place: object, key: str) -> uuid.UUID:
    """The id of what a client makes at a place under a key of its own: the same, however often the request is sent."""
    return uuid.uuid5(NAMESPACE, f"sent/{kind}/{place}/{key}")


def lock_key(*parts: str) -> int:
    """A signed 64-bit key for PostgreSQL's advisory locks."""
    return int.from_bytes(uuid.uuid5(NAMESPACE, "lock/" + "/".join(parts)).bytes[:8], "big", signed=True)
