"""The groups of a student: the homerooms in which they are now. Pure but for reading the zip."""

from collections.abc import Collection
from datetime import date

from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.notes import Notes
from services.ingest.oneroster.orgs import Org
from services.ingest.oneroster.people import Role, day_of


def groups_of(archive: Archive, org: Org | None, students: Collection[str], today: date, notes: Notes) -> dict[str, list[str]] | None:
    """The names of each student's groups, by the student's id; None where the zip does not have all classes and enrolments.

    Where no class is a homeroom, all of a student's classes are their groups.
    """
    if not archive.has_all_of("classes") or not archive.has_all_of("enrollments"):
        return None
    labels: dict[str, str] = {}
    homerooms: set[str] = set()
    for line in archive.lines("classes"):
        if line.is_deleted or (org is not None and line["schoolsourcedid"] not in {"", org.sourced_id}):
            continue
        labels[line["sourcedid"]] = line["classcode"] or line["title"]
        if line["classtype"].casefold() == "homeroom":
            homerooms.add(line["sourcedid"])
    if labels and not homerooms:
        notes.add("groups-are-all-classes")
    chosen = homerooms or labels.keys()
    groups: dict[str, set[str]] = {student: set() for student in students}
    for line in archive.lines("enrollments"):
        student, group = line["usersourcedid"], line["classsourcedid"]
        if student not in groups or group not in chosen or line["role"].casefold() != "student":
            continue
        enrolment = Role("student", "", day_of(line["begindate"], notes), day_of(line["enddate"], notes), line.is_deleted)
        if labels[group] and enrolment.holds(today):
            groups[student].add(labels[group])
    return {student: sorted(names) for student, names in groups.items()}
