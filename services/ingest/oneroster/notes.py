"""The parts of a file that a roster of ours has no place for, or that contradict what we have: counted, with a sentence each."""

from collections import Counter
from typing import Final, Literal

from pydantic import BaseModel, Field

Subject = Literal[
    "not-said",
    "no-manifest",
    "no-caregivers",
    "caregivers-missing",
    "caregivers-alone",
    "no-caregiver-role",
    "year-level-unread",
    "nsn-unread",
    "date-unread",
    "groups-are-all-classes",
    "leaver-without-key",
    "sessions-differ",
    "files-not-read",
]

DETAILS: Final[dict[Subject, str]] = {
    "not-said": "the format says nothing of caregivers' status, role and language, of part-timers' sessions and of closed days: these stay",
    "no-manifest": "no manifest.csv says that users.csv is complete: students whom it leaves out stay on the roll",
    "no-caregivers": "no student has a guardian in the file: the caregivers stay as they are",
    "caregivers-missing": "guardians whom students name are not in users.csv; in a delta these students keep the caregivers they have",
    "caregivers-alone": "guardians in a delta without their students: their changes are not taken; send a bulk file",
    "no-caregiver-role": "people whom students name who are no parent, guardian or relative now: they are no caregivers",
    "year-level-unread": "grades that are no year level (0 to 15): the year level stays as it is",
    "nsn-unread": "NSNs that are not one to ten digits: the NSN stays as it is",
    "date-unread": "dates of roles or enrolments that can't be read: they are left out",
    "groups-are-all-classes": "no class is a homeroom: a student's groups are all their classes",
    "leaver-without-key": "roles that ended in a delta without their users: it is not known who has left; send a bulk file",
    "sessions-differ": "terms that have other dates than the school's calendar, which stays; change it with PUT /v1/schools/{school}",
    "files-not-read": "tables that say nothing about a roster",
}


class Note(BaseModel):
    """Something that the file says, or does not say, and what that means here."""

    about: Subject
    count: int = Field(description="How many rows, people, terms or files it is about")
    detail: str


class Notes:
    """Notes as they are met."""

    def __init__(self) -> None:
        self._counts: Counter[Subject] = Counter()
        self._named: dict[Subject, list[str]] = {}

    def add(self, about: Subject, named: str | None = None) -> None:
        """Counts one; `named` is shown beside the sentence (a file or a term, never a person)."""
        self._counts[about] += 1
        if named is not None:
            self._named.setdefault(about, []).append(named)

    def all(self) -> list[Note]:
        """The notes, in the order of the catalogue."""
        return [
            Note(about=about, count=self._counts[about], detail=": ".join([detail, *self._names(about)]))
            for about, detail in DETAILS.items()
            if self._counts[about]
        ]

    def _names(self, about: Subject) -> list[str]:
        named = self._named.get(about)
        return ["; ".join(named)] if named else []
