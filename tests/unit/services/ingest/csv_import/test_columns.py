"""Which column says what."""

import pytest

from services.ingest.csv_import.columns import Kind, recognise
from services.ingest.csv_import.errors import ColumnsError

NAMES = "Student,Date,Session,Code"


def found(header: str, kind: Kind = "marks", **told: str) -> dict[str, str]:
    columns = recognise(header.split(","), kind, told)
    return {field: header.split(",")[place] for field, place in columns.places.items()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (NAMES, {"student": "Student", "date": "Date", "session": "Session", "code": "Code"}),
        (" ID ,DATE,am/pm,Attendance Code", {"student": " ID ", "date": "DATE", "session": "am/pm", "code": "Attendance Code"}),
        ("id,Student_ID,date,period,code", {"student": "Student_ID", "date": "date", "slot": "period", "code": "code"}),
        ("student,date,slot,mins,code", {"student": "student", "date": "date", "slot": "slot", "minutes": "mins", "code": "code"}),
        ("student,date,hdu,hdj,hdp", {"student": "student", "date": "date", "unjustified": "hdu", "justified": "hdj", "present": "hdp"}),
        (
            "student,date,session,code,Last Updated,Present",
            {"student": "student", "date": "date", "session": "session", "code": "code", "recorded_at": "Last Updated"},
        ),
    ],
)
def test_names_of_marks(header: str, expected: dict[str, str]) -> None:
    assert found(header) == expected


def test_names_of_students() -> None:
    header = "NSN,ID,First Name,Surname,Year,Tutor,Caregiver 1 Name,Caregiver1 Email,Parent 2 Mobile,Guardian Language,Caregiver 21 Name"
    columns = recognise(header.split(","), "students")
    assert dict(columns.names) == {
        "NSN": "nsn",
        "ID": "student",
        "First Name": "given_name",
        "Surname": "family_name",
        "Year": "year_level",
        "Tutor": "groups",
        "Caregiver 1 Name": "caregiver_1_name",
        "Caregiver1 Email": "caregiver_1_email",
        "Parent 2 Mobile": "caregiver_2_phone",
        "Guardian Language": "caregiver_1_language",
    }
    assert list(columns.ignored) == ["Caregiver 21 Name"]


def test_what_is_told_goes_before_names() -> None:
    assert found("Ref,Student,Date,Session,Code", Ref="student")["student"] == "Ref"
    assert "recorded_at" not in found(NAMES + ",Updated", updated="")
    assert found("A,B,C,D", a="student", b="date", c="slot", d="code") == {"student": "A", "date": "B", "slot": "C", "code": "D"}
    assert found("ID,First name,Last name,Mum", "students", Mum="caregiver_3_name")["caregiver_3_name"] == "Mum"


@pytest.mark.parametrize(
    ("header", "told", "message"),
    [
        ("Student,Date,Session", {}, r"no column for code; the columns are: Student, Date, Session$"),
        ("Date,Session,Code", {}, r"no column for student; the columns are: Date"),
        (
            "Student,Date,Code",
            {},
            r"no column for session \(or slot, or AM and PM, or unjustified, justified and present\); the columns are",
        ),
        ("Student,Date", {}, r"no column for session .*, nor for code"),
        ("12345,13/10/2026,AM,P", {}, r"none of the 4 columns has a name that is known: does the file begin with a header\?$"),
        (NAMES + ",code", {}, "two columns can be code, 'Code' and 'code'"),
        (NAMES, {"Ref": "student"}, "the column 'Ref' is not there; the columns are: Student"),
        (NAMES + ",CODE", {"Code": "code"}, "the column 'Code' is there more than once"),
        (NAMES, {"Code": "kode"}, "there is no field 'kode': the fields of marks are student, date"),
        (NAMES, {"Code": "session", "Session": "session"}, "two columns are told to be session"),
    ],
)
def test_errors_name_the_column_and_what_was_found(header: str, told: dict[str, str], message: str) -> None:
    with pytest.raises(ColumnsError, match=message):
        recognise(header.split(","), "marks", told)


def test_a_row_in_the_place_of_the_header_is_not_repeated() -> None:
    with pytest.raises(ColumnsError) as caught:
        recognise(["12345", "Hemi", "Example"], "students")
    assert "Hemi" not in str(caught.value)
