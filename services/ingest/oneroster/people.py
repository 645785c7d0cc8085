"""Users and their roles at one school. Pure but for reading the zip.

Source: OneRoster CSV Tables; version 1.1 has a user's role and orgs in users.csv, version 1.2 in roles.csv, with dates.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.ingest.oneroster.archive import Archive, Line
from services.ingest.oneroster.errors import OneRosterError, OtherSchoolError
from services.ingest.oneroster.notes import Notes
from services.ingest.oneroster.orgs import Org
from services.ingest.oneroster.remarks import status_of
from services.ingest.tables import values

CAREGIVERS: Final = frozenset({"parent", "guardian"})
KIN: Final = "relative"
"""Somebody of the family who is no guardian: kept with their telephone number, and not written to."""


def day_of(text: str, notes: Notes) -> date | None:
    """A date of the file; one that can't be read is noted, and none."""
    try:
        day = values.day_or_none(text, "date")
    except ValueError:
        notes.add("date-unread")
        return None
    return None if day is None else date.fromisoformat(day)


MOST_STUDENTS: Final = 50_000
"""Students of one school, present and past: the largest, which teaches by correspondence, has some 30,000 in a year."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of a user at an org, from `begins` to `ends`; None leaves a side open."""

    role: str
    org: str
    begins: date | None = None
    ends: date | None = None
    is_deleted: bool = False
    words: str | None = None
    """The words of its row that restrict contact."""

    def holds(self, today: date) -> bool:
        """Whether it is theirs today."""
        return not self.is_deleted and (self.begins is None or self.begins <= today) and (self.ends is None or today <= self.ends)


class Roles:
    """The roles of all users."""

    def __init__(self, archive: Archive, notes: Notes) -> None:
        self._of: dict[str, list[Role]] = {}
        self._has_table = archive.has("roles")
        self.have_dates = False
        """Whether the file dates roles at all: then a side without a date is open."""
        for line in archive.lines("roles"):
            role = Role(
                line["role"].casefold(),
                line["orgsourcedid"],
                day_of(line["begindate"], notes),
                day_of(line["enddate"], notes),
                line.is_deleted,
                status_of(line),
            )
            self.have_dates = self.have_dates or role.begins is not None or role.ends is not None
            self._of.setdefault(line["usersourcedid"], []).append(role)

    def of(self, user: Line) -> list[Role]:
        """The roles of a user."""
        if self._has_table:
            return self._of.get(user["sourcedid"], [])
        return [Role(user["role"].casefold(), org) for org in user.several("orgsourcedids") or [""]]

    def ended_without(self, users: Iterable[str], org: str) -> int:
        """How many students' roles at the school a delta ends without a row of their user, in which their key stands."""
        known = set(users)
        return sum(
            user not in known and any(role.role == "student" and role.org == org and role.is_deleted for role in roles)
            for user, roles in self._of.items()
        )


@dataclass(slots=True)
class People:
    """The students of one school with the roles they have there, and the users whom they name or who name them."""

    students: list[tuple[Line, Role]] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)
    named: dict[str, Line] = field(default_factory=dict)
    naming: dict[str, list[Line]] = field(default_factory=dict)
    """By student: users that name the student among their own agents."""

    def agents_of(self, student: Line) -> Iterator[tuple[str, Line | None]]:
        """The people about a student, each once; None for one whom the file does not have."""
        ids = dict.fromkeys(
            [*student.several("agentsourcedids"), *(user["sourcedid"] for user in self.naming.get(student["sourcedid"], []))]
        )
        for agent in ids:
            yield agent, self.named.get(agent)


def _newest(role: Role) -> tuple[bool, date, date]:
    """A student who came back has the role twice: the one that is not deleted, and lasts longest, counts."""
    return not role.is_deleted, role.ends or date.max, role.begins or date.min


def people_of(archive: Archive, org: Org | None, roles: Roles) -> People:
    """The people of a school.

    Raises OtherSchoolError where the zip names no schools, and its students belong to several; OneRosterError for more than any school has.
    """
    people, orgs = People(), set[str]()
    for user in archive.lines("users"):
        held = [role for role in roles.of(user) if role.role == "student" and (org is None or role.org == org.sourced_id)]
        if not held:
            continue
        role = max(held, key=_newest)
        orgs.add(role.org)
        if user.is_deleted or role.is_deleted:
            people.left.append(user)
        else:
            people.students.append((user, role))
        if len(people.students) + len(people.left) > MOST_STUDENTS:
            raise OneRosterError(f"the zip has more than {MOST_STUDENTS:,} students of one school: no school has")
    if len(orgs) > 1:
        raise OtherSchoolError("there is no orgs.csv, and the students belong to several schools")
    wanted = {agent for student, _ in people.students for agent in student.several("agentsourcedids")}
    students = {student["sourcedid"] for student, _ in people.students}
    for user in archive.lines("users"):
        names = students.intersection(user.several("agentsourcedids")) if user["sourcedid"] not in students else set[str]()
        if user["sourcedid"] in wanted or names:
            people.named[user["sourcedid"]] = user
        for student in names:
            people.naming.setdefault(student, []).append(user)
    return people
