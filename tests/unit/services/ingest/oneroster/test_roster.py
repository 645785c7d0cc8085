"""Zips in OneRoster CSV as rosters: both versions, what real exporters make of them, and what the format can't say."""

import io
from datetime import date
from typing import Any

import pytest

from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.errors import OneRosterError, OtherSchoolError
from services.ingest.oneroster.roster import ZipRoster, read
from services.ingest.tables.identifiers import Keys
from shared.identifiers import SchoolNumber
from tests.support.oneroster import tables, zipped

TODAY = date(2026, 11, 20)
SCHOOL = SchoolNumber("0999")
CAREGIVERS = [
    {"name": "Kim Example", "email": "kim@example.org", "phone": "021 000 001"},
    {"name": "Lee Example", "email": "lee@example.org", "phone": "04 000 0002"},
    {"name": "Nan Example", "email": "nan@example.org", "notify": False},
]


def roster(files: dict[str, str | bytes], keys: Keys | None = None, *, full: bool = False) -> ZipRoster:
    return read(Archive(io.BytesIO(zipped(files))), SCHOOL, keys or Keys(), TODAY, full=full)


def students(found: ZipRoster) -> dict[Any, dict[str, object]]:
    return {item["student"]: item for _, item in found.items if isinstance(item, dict)}


def noted(found: ZipRoster) -> dict[str, int]:
    return {note.about: note.count for note in found.notes.all()}


def edited(version: str, name: str, *changes: tuple[str, str]) -> dict[str, str | bytes]:
    files = tables(version)
    text = str(files[name])
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return files | {name: text}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_whole_school(version: str) -> None:
    found = roster(tables(version))
    dates = {} if version == "1.1" else {"starts_on": "2026-02-02", "leaves_on": None}
    none = {} if version == "1.1" else {"starts_on": None, "leaves_on": None}
    assert (found.version, found.is_whole, found.caregivers) == (version, True, 3)
    assert students(found) == {
        "12345": {
            "student": "12345",
            "given_name": "Ada",
            "family_name": "Example",
            "year_level": 9,
            "nsn": "123456789",
            "groups": ["9A"],
            "caregivers": CAREGIVERS,
            **dates,
        },
        "u2": {"student": "u2", "given_name": "Bo", "family_name": "Sample", "groups": [], "caregivers": [], **none},
    }
    assert noted(found) == {"not-said": 1, "year-level-unread": 1, "files-not-read": 1}


@pytest.mark.parametrize(
    "files",
    [
        {f"export 2026/{name}": text for name, text in tables().items()},
        {name.upper().replace(".CSV", ".csv"): text for name, text in tables().items()},
        {name: b"\xef\xbb\xbf" + str(text).replace("\n", "\r\n").encode() for name, text in tables().items()},
        {name: str(text).encode("utf-16") for name, text in tables().items()},
        tables() | {"__MACOSX/._users.csv": b"\0\0", ".DS_Store": b"\0", "read me.txt": "hello"},
        edited("1.1", "users.csv", ("sourcedId,", "SourcedID,"), ("givenName", "GivenName")),
        {name: "\ufeff\ufeff" + str(text) for name, text in tables().items()},
        {name: "sep=,\n" + str(text) for name, text in tables().items()},
        tables() | {"~$users.csv": b"\0"},
    ],
    ids=[
        "in a folder",
        "names in capitals",
        "byte order marks",
        "UTF-16",
        "files of a system",
        "columns in other case",
        "two marks",
        "a line that names the delimiter",
        "an editor's lock",
    ],
)
def test_zips_as_exporters_make_them(files: dict[str, str | bytes]) -> None:
    assert students(roster(files))["12345"]["caregivers"] == CAREGIVERS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip at all", "no zip"),
        (zipped({"attendance.csv": "Student,Date\n"}), "no users.csv"),
        (zipped({"export.ZIP": zipped(tables())}), "another zip in this one"),
        (zipped({"a/users.csv": "x\n", "b/users.csv": "x\n"}), "there twice"),
        (zipped(tables() | {"users.csv": 'sourcedId,role\n"u1,student\n'}), "quotes don't match"),
        (zipped({"users.csv": "sourcedId,role,orgSourcedIds\nt1,teacher,org-1\n"}), "no student of this school"),
        (zipped(tables())[:-40], "no zip"),
    ],
)
def test_zips_that_are_no_roster_say_why(content: bytes, words: str) -> None:
    with pytest.raises(OneRosterError, match=words):
        read(Archive(io.BytesIO(content)), SCHOOL, Keys(), TODAY)


def test_a_bomb_is_not_unpacked() -> None:
    content = bytearray(zipped(tables()))
    # The size that the central directory names for users.csv: four bytes, 24 behind its signature.
    place = content.rindex(b"users.csv") - 22
    content[place : place + 4] = (2_000_000_000).to_bytes(4, "little")
    with pytest.raises(OneRosterError, match="more than any roster"):
        Archive(io.BytesIO(bytes(content)))


@pytest.mark.parametrize(("number", "fits"), [("999", True), ("0999", True), ("", True), ("MADE-UP", True), ("0189", False)], ids=str)
def test_a_zip_of_one_school_is_ours_unless_it_has_another_number(number: str, fits: bool) -> None:
    files = edited("1.1", "orgs.csv", ("school,999", f"school,{number}"))
    if fits:
        assert len(students(roster(files))) == 2
    else:
        with pytest.raises(OtherSchoolError, match="0189"):
            roster(files)


def test_of_several_schools_ours_is_read() -> None:
    files = edited("1.1", "orgs.csv", ("org-9,,,Made-up Network,district,,", "org-2,,,Made-up School,school,189,"))
    files["users.csv"] = str(files["users.csv"]).replace("u2,,,true,org-1", "u2,,,true,org-2") + (
        'u3,,,true,"org-1,org-2",student,,,Di,Both,,777,,,,,10,\n'
    )
    assert students(roster(files)).keys() == {"12345", "777"}
    other = read(Archive(io.BytesIO(zipped(files))), SchoolNumber("0189"), Keys(), TODAY)
    assert students(other).keys() == {"u2", "777"}


def test_students_of_several_schools_without_their_orgs_are_refused() -> None:
    files = edited("1.1", "users.csv", ("u2,,,true,org-1", "u2,,,true,org-2"))
    del files["orgs.csv"]
    with pytest.raises(OtherSchoolError, match=r"no orgs\.csv"):
        roster(files)


def test_without_a_manifest_nobody_has_left() -> None:
    files = tables()
    del files["manifest.csv"]
    found = roster(files)
    assert (found.is_whole, noted(found)["no-manifest"]) == (False, 1)
    assert roster(files, full=True).is_whole


def test_a_file_without_guardians_leaves_caregivers_alone() -> None:
    found = roster(edited("1.1", "users.csv", ('"p1,p2,r1"', ""), ('"u1"', "")))
    assert noted(found)["no-caregivers"] == 1
    assert all("caregivers" not in student for student in students(found).values())


def test_a_guardian_that_names_the_student_is_a_caregiver_too() -> None:
    found = roster(edited("1.1", "users.csv", ('"p1,p2,r1"', "")))
    assert students(found)["12345"]["caregivers"] == CAREGIVERS[:1]


def test_people_who_are_no_guardians_now_are_no_caregivers() -> None:
    files = edited("1.2", "roles.csv", ("p1,primary,parent,,", "p1,primary,parent,,2026-11-19"), ("p2,primary,guardian", "p2,primary,aide"))
    found = roster(files)
    assert students(found)["12345"]["caregivers"] == CAREGIVERS[2:]
    assert noted(found)["no-caregiver-role"] == 2


def test_groups_are_classes_where_no_class_is_a_homeroom() -> None:
    found = roster(edited("1.1", "classes.csv", ("homeroom", "scheduled")))
    assert students(found)["12345"]["groups"] == ["9A", "9MAT1"]
    assert noted(found)["groups-are-all-classes"] == 1


def test_without_enrolments_groups_stay() -> None:
    files = tables()
    del files["enrollments.csv"]
    assert all("groups" not in student for student in students(roster(files)).values())


def test_a_student_who_came_back_has_the_role_that_lasts() -> None:
    files = edited("1.2", "roles.csv", ("r-2,,,u2,primary,student,,", "r-2,,,u2,primary,student,2026-01-01,2026-04-01"))
    files["roles.csv"] = str(files["roles.csv"]) + "r-9,,,u2,primary,student,2026-10-12,,org-1,\n"
    assert students(roster(files))["u2"]["starts_on"] == "2026-10-12"
    assert students(roster(files))["u2"]["leaves_on"] is None


def test_keys_and_numbers_that_a_spreadsheet_spoilt() -> None:
    files = edited("1.1", "users.csv", (",12345,", ",45.0,"), ("NSN:123456789", "NSN:1.23E+08"))
    found = roster(files, Keys(["0045"]))
    assert "nsn" not in students(found)["0045"]
    assert noted(found)["nsn-unread"] == 1
    found = roster(edited("1.1", "users.csv", (",12345,", ",1.2E+11,")))
    assert [(line, item) for line, item in found.items if isinstance(item, str)] == [
        (2, "identifier: a spreadsheet has rounded this number: export the column as text")
    ]


def delta(version: str = "1.1") -> dict[str, str | bytes]:
    files = tables(version)
    return files | {"manifest.csv": str(files["manifest.csv"]).replace("bulk", "delta")}


def test_a_delta_says_who_left_and_leaves_the_rest() -> None:
    files = delta()
    files["users.csv"] = str(files["users.csv"]).replace("u1,,", "u1,active,2026-11-01T00:00:00Z").replace("u2,,", "u2,tobedeleted,")
    found = roster(files)
    assert (found.is_whole, found.left) == (False, ["u2"])
    assert students(found).keys() == {"12345"}
    assert "groups" not in students(found)["12345"]


def test_a_delta_without_all_guardians_of_a_student_leaves_their_caregivers() -> None:
    files = delta()
    rows = str(files["users.csv"]).splitlines()
    files["users.csv"] = "\n".join(row for row in rows if not row.startswith(("p2", "u2")))
    found = roster(files)
    assert "caregivers" not in students(found)["12345"]
    assert noted(found)["caregivers-missing"] == 1


def test_a_delta_of_rows_that_can_t_be_taken_says_so() -> None:
    files = delta("1.2")
    files["users.csv"] = "\n".join(row for row in str(files["users.csv"]).splitlines() if not row.startswith("u2")) + (
        "\np3,active,,true,,,Mo,Sample,,,mo@example.org,,,u2,,,,,,,,org-1,\n"
    )
    files["roles.csv"] = str(files["roles.csv"]).replace("r-2,,", "r-2,tobedeleted,") + "r-8,,,p3,primary,parent,,,org-1,\n"
    assert {"leaver-without-key": 1, "caregivers-alone": 1}.items() <= noted(roster(files)).items()


@pytest.mark.parametrize(
    ("grades", "level"), [("09", 9), ("9", 9), ("Year 13", 13), ('"KG,01"', 1), ("KG", None), ("Other", None), ("", None), ("99", None)]
)
def test_grades(grades: str, level: int | None) -> None:
    found = roster(edited("1.1", "users.csv", ('"p1,p2,r1",09', f'"p1,p2,r1",{grades}')))
    assert students(found)["12345"].get("year_level") == level


@pytest.mark.parametrize("text", ["02/02/2026", "2-Feb-26", "2026-02-02T00:00:00", "2026-02-02"])
def test_dates_as_exporters_write_them(text: str) -> None:
    found = roster(edited("1.2", "roles.csv", ("2026-02-02", text)))
    assert students(found)["12345"]["starts_on"] == "2026-02-02"
    assert noted(roster(edited("1.2", "roles.csv", ("2026-02-02", "soon"))))["date-unread"] == 1


@pytest.mark.parametrize(
    ("column", "cell", "status"),
    [
        ("metadata.courtOrder", "Y", "court order: Y"),
        ("metadata.contactRestriction", "see office", "contact restriction: see office"),
        ("metadata.Status", "No contact", "No contact"),
        ("metadata.status", "On leave from us", "On leave from us"),
        ("metadata.guardianType", "Emergency contact only", "Emergency contact only"),
        ("metadata.notes", "Father has a protection order", "notes: Father has a protection order"),
        ("Custody", "joint", "custody: joint"),
        ("metadata_legal_access", "false", "legal access: false"),
        ("metadata.mayReceiveLetters", "No", "may receive letters: No"),
        ("metadata.custom7", '"Kāore e whakapā\natu"', "custom7: Kāore e whakapā atu"),
        ("metadata.address", "DO NOT CONTACT at 3 Up Street", "address: DO NOT CONTACT at 3 Up Street"),
        ("metadata.remarks", '"' + "Works away. " * 40 + 'No contact"', "No contact"),
        ("metadata.address", "3 Court Road", None),
        ("metadata.occupation", "Police officer", None),
        ("metadata.courtOrder", "no", None),
        ("metadata.status", "Active", None),
        ("metadata.relationship", "Mother", None),
        ("metadata.portalAccess", "No", None),
        ("metadata.favouriteColour", "green", None),
        ("metadata.lastAccess", "2026-11-02T08:00:00Z", None),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_column_of_an_exporters_own_that_restricts_contact_is_not_lost(version: str, column: str, cell: str, status: str | None) -> None:
    files = tables(version)
    first, *rows = str(files["users.csv"]).splitlines()
    text = "\n".join([f"{first},{column}", *(f"{row},{cell if row.startswith('p1,') else ''}" for row in rows)])
    people = students(roster(files | {"users.csv": text}))["12345"]["caregivers"]
    kim, *others = people  # type: ignore[misc,has-type]
    said = kim.get("status")
    assert (said and said.endswith(status) and len(said) <= 200) if status else said is None
    assert len(status or "") < 20 or said == status
    assert all("status" not in person for person in others)


def test_the_words_of_a_role_count_as_those_of_its_user_do() -> None:
    files = tables("1.2")
    first, *rows = str(files["roles.csv"]).splitlines()
    text = "\n".join([f"{first},metadata.courtOrder", *(f"{row},{'Yes' if ',p2,' in row else ''}" for row in rows)])
    people = students(roster(files | {"roles.csv": text}))["12345"]["caregivers"]
    assert [person.get("status") for person in people] == [None, "court order: Yes", None]  # type: ignore[attr-defined]
