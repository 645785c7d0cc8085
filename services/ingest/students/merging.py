"""A student as a door took them in, with what it left out as it was before. Pure: the clock is given.

No restriction of contact may get lost by a partial update: a caregiver whose status, role or `notify` is not sent keeps those of the
person who is already there, and a student sent without caregivers keeps them all. A value that is sent counts, also where it is nothing.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.ingest.students.addresses import addresses_in
from services.ingest.students.numbers import national_number
from services.ingest.students.schemas import CaregiverIn, StudentIn
from shared.addresses import address_key
from shared.correspondents import words_key
from shared.events.data import Caregiver, StudentUpdated
from shared.identifiers import SchoolNumber, student_id
from shared.same_name import same_name

_NO_DIGITS = re.compile(r"[^0-9]")


def merged(school: SchoolNumber, student: StudentIn, before: StudentUpdated | None, now: datetime) -> StudentUpdated:
    """The student as they are published."""
    earlier = before.caregivers if before is not None else []
    sent = "caregivers" in student.model_fields_set
    names = {words_key(caregiver.name) for caregiver in student.caregivers}
    gone = [person for person in earlier if words_key(person.name) not in names]
    given_name, family_name = student.names()
    return StudentUpdated(
        school=school,
        student=student.student,
        student_id=student_id(school, student.student),
        given_name=given_name,
        family_name=family_name,
        year_level=_kept("year_level", student, before),
        groups=_kept("groups", student, before),
        nsn=national_number(_kept("nsn", student, before)),
        caregivers=[
            person for caregiver in student.caregivers for person in _people(caregiver, earlier, gone, adds=student.words_are_added)
        ]
        if sent
        else earlier,
        starts_on=_kept("starts_on", student, before),
        leaves_on=_kept("leaves_on", student, before),
        attends=_kept("attends", student, before),
        updated_at=now,
    )


class Repeats:
    """Students of one request who say nothing new. A finding about an entry holds as long as the entry is as it was: a roster is
    looked at before it is confirmed, when it is kept, and in between."""

    def __init__(self, school: SchoolNumber) -> None:
        self._school = school
        self._found: dict[str, StudentUpdated] = {}

    def has(self, student: StudentIn, before: StudentUpdated | None) -> bool:
        """Whether the student, under the engine's key, is stored as they were sent."""
        if before is None:
            return False
        if self._found.get(student.student) == before:
            return True
        if merged(self._school, student, before, before.updated_at) != before:
            return False
        self._found[student.student] = before
        return True


def _kept(field: str, student: StudentIn, before: StudentUpdated | None) -> Any:
    """A field as it was sent; one that was left out stays as it was, where the door says so."""
    stays = before is not None and field in student.stays and field not in student.model_fields_set
    return getattr(before if stays else student, field)


def _people(sent: CaregiverIn, earlier: Sequence[Caregiver], gone: Sequence[Caregiver], *, adds: bool) -> list[Caregiver]:
    """The caregiver, once for each e-mail address that stands in the one field. `gone` are the earlier ones whose name nobody has now.
    `adds`: the status is added to the one they had."""
    addresses: list[str | None] = [*addresses_in(sent.email)] or [None]
    same = _same_person(sent, addresses, earlier, gone)
    given = sent.model_fields_set
    status = _words(same, lambda person: person.status)
    if "status" in given:
        status = _added(status, sent.status) if adds else sent.status or None
    people = []
    for place, address in enumerate(addresses):
        people.append(
            Caregiver(
                name=sent.name,
                email=address,
                phone=sent.phone if place == 0 else None,
                language=sent.language,
                notify=sent.notify if "notify" in given else all(person.notify for person in same),
                status=status,
                role=(sent.role or None) if "role" in given else _words(same, lambda person: person.role),
                relationship=(sent.relationship or None) if "relationship" in given else _words(same, lambda person: person.relationship),
                postal_address=(sent.postal_address or None) if "postal_address" in given else _home(same),
            )
        )
    return people


def _same_person(
    sent: CaregiverIn, addresses: Sequence[str | None], earlier: Sequence[Caregiver], gone: Sequence[Caregiver]
) -> list[Caregiver]:
    """Those of the earlier caregivers who are this person: by name and address; else by name, with those who would be gone and whose name
    is a spelling of it; and where nobody had the name, by address or telephone number."""
    keys = {address_key(address) for address in addresses if address is not None}
    phone = _digits(sent.phone)
    named = [person for person in earlier if words_key(person.name) == words_key(sent.name)]
    reached = [
        person
        for person in earlier
        if (person.email is not None and address_key(person.email) in keys) or (phone and _digits(person.phone) == phone)
    ]
    alike = [person for person in gone if same_name(person.name, sent.name)]
    return [person for person in named if person in reached] or [*named, *alike, *(reached if not named else ())]


def _words(people: Sequence[Caregiver], of: Callable[[Caregiver], str | None]) -> str | None:
    """The words about a person; all of them, where the person was there more than once with different ones."""
    return "; ".join(dict.fromkeys(words for person in people if (words := of(person)))) or None


def _added(earlier: str | None, sent: str | None) -> str | None:
    """Both words, each part once. A column's words take the place of those it had before: it may say another day each time."""
    new = sent.split("; ") if sent else []
    titles = {_title(part) for part in new}
    old = [part for part in earlier.split("; ") if _title(part) not in titles] if earlier else []
    return "; ".join(dict.fromkeys([*old, *new])) or None


def _title(part: str) -> str:
    """The title of the column that a part is of; the part itself where it has none."""
    return part.partition(": ")[0]


def _home(people: Sequence[Caregiver]) -> str | None:
    """The postal address of a person who is there already."""
    return next((person.postal_address for person in people if person.postal_address), None)


def _digits(phone: str | None) -> str:
    return _NO_DIGITS.sub("", phone or "")[-8:]
