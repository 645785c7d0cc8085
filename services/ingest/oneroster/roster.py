"""One school's students out of a zip, in the form that the REST door takes: its rules judge them, not this reader.

The key is `identifier`, else `sourcedId`. A field that the file does not say is left out, so that it stays as it was.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.ingest.oneroster.archive import Archive, Line
from services.ingest.oneroster.errors import OneRosterError
from services.ingest.oneroster.groups import groups_of
from services.ingest.oneroster.notes import Notes
from services.ingest.oneroster.orgs import Org, ours, schools_of
from services.ingest.oneroster.people import CAREGIVERS, KIN, People, Role, Roles, people_of
from services.ingest.oneroster.remarks import status_of
from services.ingest.students.schemas import LONGEST_WORDS
from services.ingest.tables import values
from services.ingest.tables.identifiers import Keys, unspoilt
from shared.correspondents import shortened
from shared.identifiers import SchoolNumber

_USER_ID: Final = re.compile(r"\{\s*([^:{}]*?)\s*:\s*([^{}]*?)\s*\}")
_NSN_NAMES: Final = frozenset({"nsn", "nationalstudentnumber", "nznsn"})
_NSN: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_NOT_LETTERS: Final = re.compile(r"[^a-z]")
MOST_GROUPS: Final = 50
MOST_CAREGIVERS: Final = 20
OLDEST_YEAR: Final = 15


@dataclass(slots=True)
class ZipRoster:
    """The students of a school. `items` are a line of users.csv each, with the student or the words in which it is refused."""

    version: str
    is_whole: bool
    items: list[tuple[int, dict[str, object] | str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Keys of students who have left, in a delta."""
    caregivers: int = 0
    notes: Notes = field(default_factory=Notes)


def read(archive: Archive, school: SchoolNumber, keys: Keys, today: date, *, full: bool = False) -> ZipRoster:
    """The roster of a school; `full`: it is whole, whatever the zip says of itself.

    Raises OneRosterError for a zip that is damaged, is about other schools, or has none of its students.
    """
    roster = ZipRoster(archive.version, full or archive.is_whole)
    notes = roster.notes
    org = ours(schools_of(archive), school)
    roles = Roles(archive, notes)
    people = people_of(archive, org, roles)
    if not people.students and not people.left:
        raise OneRosterError("there is no student of this school in the zip")
    _note_the_file(archive, roster)
    students = [student["sourcedid"] for student, _ in people.students]
    groups = groups_of(archive, org, students, today, notes)
    has_caregivers = any(agent is not None for student, _ in people.students for _, agent in people.agents_of(student))
    if people.students and not has_caregivers:
        notes.add("no-caregivers")
    for user, role in people.students:
        try:
            student = _student(user, role if roles.have_dates else None, keys, notes)
        except ValueError as error:
            roster.items.append((user.number, str(error)))
            continue
        if groups is not None:
            student["groups"] = groups[user["sourcedid"]][:MOST_GROUPS]
        caregivers = _caregivers(user, people, roles, today, roster) if has_caregivers else None
        if caregivers is not None:
            student["caregivers"] = caregivers[:MOST_CAREGIVERS]
            roster.caregivers += len(caregivers[:MOST_CAREGIVERS])
        roster.items.append((user.number, student))
    if not roster.is_whole:
        _read_leavers(people, keys, roster)
        _note_the_rest(archive, people, roles, org, notes)
    return roster


def _student(user: Line, dated: Role | None, keys: Keys, notes: Notes) -> dict[str, object]:
    try:
        student: dict[str, object] = {"student": _key(user, keys)}
    except ValueError as error:
        raise ValueError(f"identifier: {error}") from None
    student["given_name"] = user["preferredgivenname"] or user["givenname"]
    student["family_name"] = user["preferredfamilyname"] or user["familyname"]
    if user["grades"]:
        levels = [level for text in user.several("grades") if isinstance(level := values.year_level(text), int) and level <= OLDEST_YEAR]
        if levels:
            student["year_level"] = levels[0]
        else:
            notes.add("year-level-unread")
    if nsn := _nsn(user):
        if _NSN.fullmatch(nsn):
            student["nsn"] = nsn
        else:
            notes.add("nsn-unread")
    if dated is not None:
        student["starts_on"] = dated.begins and dated.begins.isoformat()
        student["leaves_on"] = dated.ends and dated.ends.isoformat()
    return student


def _key(user: Line, keys: Keys) -> str:
    return keys.key(user["identifier"]) if user["identifier"] else user["sourcedid"]


def _nsn(user: Line) -> str:
    named = {_NOT_LETTERS.sub("", name.casefold()): value for name, value in _USER_ID.findall(user["userids"])}
    named["nsn"] = named.get("nsn") or user["metadatansn"]
    text = next((named[name] for name in sorted(_NSN_NAMES) if named.get(name)), "")
    try:
        return unspoilt(text.replace(" ", "")) if text else ""
    except ValueError:
        return text


def _caregivers(user: Line, people: People, roles: Roles, today: date, roster: ZipRoster) -> list[dict[str, object]] | None:
    """The student's caregivers; None where a delta does not have all of them."""
    found, missing = [], False
    for _, agent in people.agents_of(user):
        if agent is None:
            roster.notes.add("caregivers-missing")
            missing = True
            continue
        theirs = [role for role in roles.of(agent) if role.holds(today)]
        held = {role.role for role in theirs}
        if agent.is_deleted or not held & {*CAREGIVERS, KIN}:
            roster.notes.add("no-caregiver-role")
            continue
        person = _caregiver(agent, is_kin=not held & CAREGIVERS)
        if words := list(dict.fromkeys(filter(None, [status_of(agent), *(role.words for role in theirs)]))):
            person["status"] = shortened("; ".join(words), LONGEST_WORDS)
        found.append(person)
    return None if missing and not roster.is_whole else found


def _caregiver(agent: Line, *, is_kin: bool) -> dict[str, object]:
    name = " ".join(filter(None, (agent["preferredgivenname"] or agent["givenname"], agent["preferredfamilyname"] or agent["familyname"])))
    person: dict[str, object] = {"name": name or agent["username"] or "Caregiver"}
    if agent["email"]:
        person["email"] = agent["email"]
    if phone := agent["sms"] or agent["phone"]:
        person["phone"] = phone
    if is_kin:
        person["notify"] = False
    return person


def _read_leavers(people: People, keys: Keys, roster: ZipRoster) -> None:
    for user in people.left:
        try:
            roster.left.append(_key(user, keys))
        except ValueError as error:
            roster.items.append((user.number, f"identifier: {error}"))


def _note_the_rest(archive: Archive, people: People, roles: Roles, org: Org | None, notes: Notes) -> None:
    """Notes the parts of a delta that can't be taken without the rows that it leaves out."""
    place = org.sourced_id if org is not None else ""
    users = {user["sourcedid"]: user for user in archive.lines("users")}
    for _ in range(roles.ended_without(users, place)):
        notes.add("leaver-without-key")
    for sourced_id, user in users.items():
        if sourced_id not in people.named and any(role.role in CAREGIVERS and role.org in {"", place} for role in roles.of(user)):
            notes.add("caregivers-alone")


def _note_the_file(archive: Archive, roster: ZipRoster) -> None:
    roster.notes.add("not-said")
    if not archive.has("manifest") and not roster.is_whole:
        roster.notes.add("no-manifest")
    for name in archive.unread:
        roster.notes.add("files-not-read", name)
