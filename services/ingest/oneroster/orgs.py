"""The schools of a zip, and which of them is ours. Pure but for reading the zip."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.errors import OtherSchoolError
from shared.identifiers import SchoolNumber, school_number


@dataclass(frozen=True, slots=True)
class Org:
    """A school as the file has it; `number` is the Ministry's, where its identifier or its id is one."""

    sourced_id: str
    number: SchoolNumber | None


def schools_of(archive: Archive) -> list[Org]:
    """The schools that the zip names: orgs of the type `school`, or, where none is, all orgs."""
    lines = [line for line in archive.lines("orgs") if not line.is_deleted and line["sourcedid"]]
    schools = [line for line in lines if line["type"].casefold() == "school"] or lines
    return [Org(line["sourcedid"], _number(line["identifier"], line["sourcedid"])) for line in schools]


def ours(schools: Sequence[Org], school: SchoolNumber) -> Org | None:
    """The org of this school; None where the zip names no schools. Raises OtherSchoolError.

    An only org without a number is ours: many exporters leave the identifier out. One with another school's number is not.
    """
    if not schools:
        return None
    same = [org for org in schools if org.number == school]
    if len(same) == 1:
        return same[0]
    if len(schools) == 1 and schools[0].number is None:
        return schools[0]
    numbers = ", ".join(sorted({org.number for org in schools if org.number is not None})) or "none with a school number"
    raise OtherSchoolError(f"the zip is not about this school, or names it twice: its schools are {numbers}")


def _number(*texts: str) -> SchoolNumber | None:
    for text in texts:
        try:
            return school_number(text)
        except ValueError:
            continue
    return None
