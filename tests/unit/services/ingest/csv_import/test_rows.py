"""Rows into the marks and students that the REST door takes, and what is refused."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.csv_import.columns import Kind, recognise
from services.ingest.csv_import.date_order import DateOrder
from services.ingest.csv_import.mark_rows import MarkRows
from services.ingest.csv_import.report import Tally
from services.ingest.csv_import.schemas import ImportReport
from services.ingest.csv_import.sorting import MarkSorter, Rules, Sorter, StudentSorter
from services.ingest.csv_import.student_rows import StudentRows
from services.ingest.tables import values
from services.ingest.tables.errors import CsvError
from services.ingest.tables.identifiers import Keys
from services.ingest.tables.records import CsvReader
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.identifiers import SchoolNumber

AUCKLAND = ZoneInfo("Pacific/Auckland")
NOW = datetime(2026, 10, 20, 0, 0, tzinfo=UTC)
FILE_MOMENT = "2026-10-19T08:00:00+00:00"
CALENDAR = SchoolCalendar((Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),))
RULES = Rules(CALENDAR, CodeTable.load(), timedelta(minutes=5))
SCHOOL = SchoolNumber("0999")


def mark(header: str, row: str) -> Any:
    (only,) = marks(header, row)
    return only


def marks(header: str, row: str, keys: Sequence[str] = ()) -> list[Any]:
    rows = MarkRows(recognise(header.split(","), "marks"), AUCKLAND, FILE_MOMENT, Keys(keys))
    return [json.loads(bytes(mark)) for mark in rows.read(row.split(","))]


def student(header: str, row: str, keys: Sequence[str] = ()) -> Any:
    return StudentRows(recognise(header.split(","), "students"), Keys(keys)).read(row.split(","))


def sort(data: bytes, kind: Kind = "marks") -> tuple[list[Any], ImportReport]:
    reader, tally = CsvReader(), Tally()
    (_, header), *rows = [*reader.feed(data), *reader.finish()]
    columns = recognise(header or [], kind)
    sorter: Sorter = MarkSorter(SCHOOL, columns, RULES, FILE_MOMENT, tally) if kind == "marks" else StudentSorter(columns, tally)
    sorter.begin(NOW)
    for row in rows:
        sorter.take(row.line, row.cells or [])
    batch = sorter.end()
    tally.settle(len(rows), batch.accepted, batch.rejected, rows[-1].line if rows else 1)
    taken = [json.loads(message.value or b"") for message in batch.messages] or [student.model_dump() for student in batch.students]
    return taken, tally.report(kind, dry_run=True, columns=columns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-13", "2026-10-13"),
        ("2026/10/13", "2026-10-13"),
        ("2026-4-3", "2026-04-03"),
        ("2026/11/2", "2026-11-02"),
        ("2nd November 2026", "2026-11-02"),
        ("Monday 2nd of Nov 2026", "2026-11-02"),
        ("November 22nd, 2026", "2026-11-22"),
        ("Monday, November 2, 2026", "2026-11-02"),
        ("31st August 2026", "2026-08-31"),
        ("2 August 2026", "2026-08-02"),
        ("2026-11-02T00:00:00.000Z", "2026-11-02"),
        ("2026-11-02 00:00:00+13", "2026-11-02"),
        ("2026-11-02T00:00+12:00", "2026-11-02"),
        # Midnight in New Zealand, as programs write it by UTC, in summer and in winter.
        ("2026-11-01T11:00:00.000Z", "2026-11-02"),
        ("2026-11-01T11:00:00Z", "2026-11-02"),
        ("2026-06-14T12:00:00+00:00", "2026-06-15"),
        ("2\u00a0Nov\u00a02026", "2026-11-02"),
        ("2\u201311\u20132026", "2026-11-02"),
        ("2/11/2026 9:05\u202fam", "2026-11-02"),
        ("20261013", "2026-10-13"),
        ("13/10/2026", "2026-10-13"),
        ("3/4/2026", "2026-04-03"),
        ("03-04-2026", "2026-04-03"),
        ("3.4.2026", "2026-04-03"),
        ("2-Nov-26", "2026-11-02"),
        ("02-Nov-2026", "2026-11-02"),
        ("2 November 2026", "2026-11-02"),
        ("Mon 2 Nov 2026", "2026-11-02"),
        ("13 Oct 2026", "2026-10-13"),
        ("Mon 2/11/2026", "2026-11-02"),
        ("Monday, 02-11-2026 0:00", "2026-11-02"),
        ("Thurs. 2026-11-05", "2026-11-05"),
        ("Nov 2, 2026", "2026-11-02"),
        ("2/11/2026 0:00", "2026-11-02"),
        ("2/11/2026 12:00:00 AM", "2026-11-02"),
        ("2026-11-02T00:00:00", "2026-11-02"),
        ("2026-11-02 00:00:00.000", "2026-11-02"),
        ("2-Nov-26 0:00", "2026-11-02"),
    ],
)
def test_days(text: str, expected: str) -> None:
    assert values.day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13/10/26",
        "2026-13-10",
        "10/13/2026",
        "30/2/2026",
        "2026-10/13",
        "2-Nox-26",
        "31-Nov-26",
        "Mon 31/11/2026",
        "Moon 2/11/2026",
        "Monday",
        "2026-11-01T12:00:00Z",
        "2026-06-14T11:00:00Z",
        "2026-11-02T00:00:00-05:00",
        "2026-11-02T00:00:00+09:00",
        "2026-111-2",
        "2026-1102",
        "2nx November 2026",
        "2-Nov",
        "١٣/١٠/٢٠٢٦",
        "46308",
    ],
)
def test_no_days(text: str) -> None:
    with pytest.raises(ValueError):
        values.day(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-13T09:05:00+13:00", "2026-10-13T09:05:00+13:00"),
        ("2026-10-13T09:05:00Z", "2026-10-13T09:05:00+00:00"),
        ("2026-10-13T09:05:00.123456789+1300", "2026-10-13T09:05:00.123456+13:00"),
        ("2026-10-13 9:05", "2026-10-13T09:05:00+13:00"),
        ("13/10/2026 9:05 am", "2026-10-13T09:05:00+13:00"),
        ("13/10/2026 12:05:30 p.m.", "2026-10-13T12:05:30+13:00"),
        ("13/10/2026 12:00 AM", "2026-10-13T00:00:00+13:00"),
        ("2026-10-13 09:05:00+13", "2026-10-13T09:05:00+13:00"),
        ("2026-10-13 09:05:00.25-04", "2026-10-13T09:05:00.250000-04:00"),
        ("2026-10-13 09:05+1245", "2026-10-13T09:05:00+12:45"),
        ("13/10/2026, 9:05\u202fp.m.", "2026-10-13T21:05:00+13:00"),
        ("13/7/2026", "2026-07-13T00:00:00+12:00"),
        # The clocks went forward at 2:00 on 27 September 2026, and went back at 3:00 on 5 April: the first of two.
        ("2026-09-27 03:30", "2026-09-27T03:30:00+13:00"),
        ("2026-04-05 02:30", "2026-04-05T02:30:00+13:00"),
    ],
)
def test_moments_without_an_offset_are_the_schools(text: str, expected: str) -> None:
    assert values.moment(text, AUCKLAND) == expected


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("student,date,AM,PM", "1,13/10/2026,P,M", [("AM", "P"), ("PM", "M")]),
        ("student,date,AM,PM", "1,13/10/2026,,?", [("PM", "?")]),
        ("student,date,AM,PM", "1,13/10/2026,null,P", [("AM", None), ("PM", "P")]),
        ("student,date,morning,afternoon", "1,13/10/2026,P,", [("AM", "P")]),
        ("student,date,AM,PM", "1,13/10/2026,m,p", [("AM", "M"), ("PM", "P")]),
        ("student,date,AM code,PM code,AM/PM", "1,13/10/2026,P,M,AM", [("AM", "P"), ("PM", "M")]),
        ("student,date,P1,Period 2,p10", "1,13/10/2026,P,T,M", [(1, "P"), (10, "M"), (2, "T")]),
    ],
)
def test_a_row_of_a_whole_day_is_a_mark_for_each_code(header: str, row: str, expected: list[tuple[object, str | None]]) -> None:
    assert [(mark.get("session") or mark.get("slot"), mark["code"]) for mark in marks(header, row)] == expected


def test_a_row_of_a_whole_day_without_a_code_is_refused_and_one_bad_code_refuses_its_row() -> None:
    data = "student,date,AM,PM\n1,2026-10-13,,\n2,2026-10-13,P,B\n3,2026-10-13,B,B\n4,2026-10-13,P,P\n"
    messages, report = sort(data.encode())
    assert [(item.line, item.reason) for item in report.refusals] == [(2, "bad-field"), (3, "unknown-code"), (4, "unknown-code")]
    assert [item["student"] for item in messages[0]["marks"]] == ["2", "4", "4"]
    assert (report.rows, report.accepted) == (4, 1)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("12345.0", "12345"),
        ("12345.00", "12345"),
        ("\u200b12345\u200b", "12345"),
        ("\ufeff12345", "12345"),
        ("\u202a12345\u202c", "12345"),
        ("#12345", "#12345"),
        ("1.2345E+04", "12345"),
        ("1.2345e+4", "12345"),
        ('"12,345"', "12345"),
        ("12 345", "12345"),
        ("'12345", "12345"),
        ('"=""12345"""', "12345"),
        ("1E5", "1E5"),
        ("A12.0", "A12.0"),
        ("7", "0007"),
        ("0007", "0007"),
        ("88", "88"),
    ],
)
def test_identifiers_that_a_spreadsheet_spoilt(text: str, key: str) -> None:
    reader = CsvReader()
    _, (_, cells) = [*reader.feed(f"student,date,session,code\n{text},13/10/2026,AM,M\n".encode()), *reader.finish()]
    rows = MarkRows(
        recognise(["student", "date", "session", "code"], "marks"), AUCKLAND, FILE_MOMENT, Keys(["0007", "12345", "0088", "88"])
    )
    assert json.loads(bytes(rows.read(cells or [])[0]))["student"] == key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.23457E+11", "rounded"),
        ("1E+05", "rounded"),
        ("9", "leading zeros"),
        ("#N/A", "fault"),
        ("#REF!", "fault"),
        ("########", "fault"),
        ('="#NAME?"', "fault"),
        ("#Value!", "fault"),
    ],
)
def test_identifiers_whose_digits_are_lost(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        marks("student,date,session,code", f"{text},13/10/2026,AM,M", ["09", "009"])


def test_signs_that_nobody_sees_change_neither_a_column_nor_a_cell() -> None:
    [seen] = marks("student,date,session,code", "1,2/11/2026,AM,M")
    assert marks("\ufeffstudent,\u200bdate,session,code\u00ad", "\u202a1,\u200e2/\u200e11/\u200e2026,AM\u200f,\u2066M\u2069") == [seen]


@pytest.mark.parametrize(
    ("text", "notified"), [("TRUE", True), ("false", False), ("1", True), ("0", False), ("t", True), ("F", False), ("x", "x")]
)
def test_yes_and_no_as_spreadsheets_write_them(text: str, notified: object) -> None:
    assert (
        student("student,given name,caregiver 1 name,caregiver 1 notify", f"1,Made,Kim Example,{text}")["caregivers"][0]["notify"]
        == notified
    )


@pytest.mark.parametrize(("text", "session"), [("a.m.", "AM"), ("P.M", "PM"), ("a. m.", "AM"), ("Afternoon", "PM"), ("A", "A")])
def test_sessions_as_people_write_them(text: str, session: str) -> None:
    assert mark("student,date,session,code", f"1,13/10/2026,{text},M")["session"] == session


def test_numbers_of_a_spreadsheet() -> None:
    assert mark("student,date,period,code,minutes", "1,13/10/2026,3.0,L,20.0") | {"recorded_at": ""} == {
        "student": "1",
        "date": "2026-10-13",
        "slot": 3,
        "code": "L",
        "minutes": 20,
        "recorded_at": "",
    }
    row = student("id,given name,year,nsn,caregiver name,caregiver phone", "1,Made,9.0,123456789.0,Some Body,211234567.0")
    assert (row["year_level"], row["nsn"], row["caregivers"][0]["phone"]) == (9, "123456789", "211234567")
    with pytest.raises(ValueError, match="nsn: a spreadsheet has rounded"):
        student("id,given name,nsn", "1,Made,1.23E+08")


def test_a_file_without_caregivers_says_nothing_of_them_and_an_empty_word_says_that_there_is_none() -> None:
    assert "caregivers" not in student("id,given name", "1,Made")
    assert student("id,given name,caregiver name", "1,Made,")["caregivers"] == []
    header = "id,given name,caregiver name,caregiver status,caregiver notify"
    assert student(header, "1,Made,Some Body,,")["caregivers"] == [{"name": "Some Body", "status": ""}]


@pytest.mark.parametrize(
    ("dates", "is_open", "is_month_first"),
    [
        (["3\u20134\u20132026", "10\u201313\u20132026"], True, True),
        ([], False, False),
        (["2026-10-13", "2-Nov-26"], False, False),
        (["2/2/2026"], False, False),
        (["2/3/2026"], True, False),
        (["2/3/2026", "10/13/2026"], True, True),
        (["10/13/2026 9:05 AM"], True, True),
        (["10/13/2026", "13/10/2026"], False, False),
        (["13/10/2026"], False, False),
        (["13/13/2026"], False, False),
    ],
)
def test_the_order_of_day_and_month_is_told_by_the_whole_file(dates: list[str], is_open: bool, is_month_first: bool) -> None:
    order = DateOrder()
    for text in dates:
        order.see(text)
    assert (order.is_open, order.is_month_first) == (is_open, is_month_first)


@pytest.mark.parametrize("text", ["yesterday", "2026-10-13T25:00", "2026-10-13 13:00 pm", "2026-10-13T09:05+99:00", "9:05", "2026-10-13T"])
def test_no_moments(text: str) -> None:
    with pytest.raises(ValueError):
        values.moment(text, AUCKLAND)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("student,date,session,code", "1,13/10/2026,Morning,M", {"session": "AM", "code": "M"}),
        ("student,date,session,code", " 1 , 13/10/2026 , p.m. , ? ", {"session": "PM", "code": "?"}),
        ("student,date,session,code", "1,13/10/2026,AM,NULL", {"session": "AM", "code": None}),
        ("student,date,session,code", "1,13/10/2026,AM", {"session": "AM"}),
        ("student,date,session,code", "1,13/10/2026,AM,M,,", {"session": "AM", "code": "M"}),
        ("student,date,period,code,minutes", "1,13/10/2026,P1,L,20", {"slot": 1, "code": "L", "minutes": 20}),
        ("student,date,period,code,minutes", "1,13/10/2026,Period 2,T,", {"slot": 2, "code": "T"}),
        ("student,date,period,code,minutes", "1,13/10/2026,home,T,ten", {"slot": "home", "code": "T", "minutes": "ten"}),
        ("student,date,hdu,hdj,hdp", "1,13/10/2026,1,0,1", {"half_days": {"unjustified": 1, "justified": 0, "present": 1}}),
        ("student,date,hdu,hdj,hdp", "1,13/10/2026,null,null,null", {"half_days": None}),
        ("student,date,hdu,hdj,hdp", "1,13/10/2026,1,,1", {"half_days": {"unjustified": 1, "present": 1}}),
    ],
)
def test_rows_of_marks(header: str, row: str, expected: dict[str, object]) -> None:
    assert mark(header, row) == {"student": "1", "date": "2026-10-13", "recorded_at": FILE_MOMENT} | expected


def test_a_row_says_its_own_moment_where_it_has_one() -> None:
    header = "student,date,session,code,updated"
    assert mark(header, "1,13/10/2026,AM,M,13/10/2026 9:05")["recorded_at"] == "2026-10-13T09:05:00+13:00"
    assert mark(header, "1,13/10/2026,AM,M,")["recorded_at"] == FILE_MOMENT


def test_rows_of_students() -> None:
    header = "student,given name,family name,year level,groups,nsn,caregiver 1 name,caregiver 1 email,caregiver 2 name,caregiver 2 notify"
    assert student(header, "1,Made,Up,Year 9,9A; 9MAT|Choir,12345,Some Body,some@example.nz,,no") == {
        "student": "1",
        "given_name": "Made",
        "family_name": "Up",
        "year_level": 9,
        "groups": ["9A", "9MAT", "Choir"],
        "nsn": "12345",
        "caregivers": [{"name": "Some Body", "email": "some@example.nz"}],
    }
    assert student(header, "1,Made,Up,,,,,,Any Body,No")["caregivers"] == [{"name": "Any Body", "notify": False}]
    assert student(header, "1,Made,Up,,,") == {"student": "1", "given_name": "Made", "family_name": "Up", "caregivers": []}


def test_bad_rows_are_refused_by_line_without_their_words() -> None:
    rows: Sequence[str] = [
        "Student,Date,Session,Code,Updated",
        "1,2026-10-13,AM,M,",
        "2,2026-10-13,AM,B,",
        "3,13 Oct,AM,M,",
        "4,2026-10-17,AM,M,",
        "5,2026-10-13,Hemi,M,",
        "Rāwiri,2026-10-13,AM,M,",
        "7,2026-10-13,AM,M,soon",
        "8,2026-10-13,AM,M,,Hemi",
        "9,2026-10-13,AM,,",
        "1,2026-10-13,AM,P,",
        "10,2026-10-14,PM,P,",
    ]
    messages, report = sort("\n".join(rows).encode())
    assert [(item.line, item.reason, item.detail) for item in report.refusals] == [
        (3, "unknown-code", "this code is not in use"),
        (4, "bad-field", "date: YYYY-MM-DD, d/m/yyyy or 2-Nov-26"),
        (5, "closed-day", "the school is not open on that day"),
        (6, "bad-field", "session: AM or PM"),
        (7, "bad-field", "student: 1 to 64 printable ASCII characters, no blanks at the ends"),
        (8, "bad-field", f"recorded_at: {values.MOMENT_FORMS}"),
        (9, "bad-field", "more cells than the header: is a delimiter inside a cell without quotes?"),
        (10, "bad-field", "Object missing required field `code`"),
        (11, "duplicate-slot", "another mark of this request says something else, recorded at the same moment"),
    ]
    assert [item["student"] for item in messages[0]["marks"]] == ["1", "10"]
    assert messages[0]["source"] == "csv"
    assert (report.rows, report.accepted, report.refused) == (
        11,
        2,
        {"unknown-code": 1, "bad-field": 6, "closed-day": 1, "duplicate-slot": 1},
    )
    assert (report.first_date, report.last_date, report.students) == ("2026-10-13", "2026-10-17", 7)
    assert (report.columns, report.last_line) == (
        {"Student": "student", "Date": "date", "Session": "session", "Code": "code", "Updated": "recorded_at"},
        12,
    )


def test_students_are_refused_by_line() -> None:
    data = "id,given name,family name,year,caregiver email\n1,Made,Up,9,\n2,,-,9,\n3,Made,Up,99,\n1,Made,Up,9,\n5,Made,Up,9,a@b.nz\n"
    messages, report = sort(data.encode(), "students")
    assert [item["student"] for item in messages] == ["1"]
    assert [(item.line, item.detail) for item in report.refusals] == [
        (3, "a student has a given_name, a family_name, or both"),
        (4, "year_level: Input should be less than or equal to 15"),
        (5, "student: there twice in this request"),
        (6, "caregivers.0.name: Field required"),
    ]


CELL = st.one_of(
    st.sampled_from(["1", "2026-10-13", "13/10/2026", "AM", "M", "null", "", "0", "99999", "2026-10-13 9:05 am", "0001-01-01T00:00+14:00"]),
    st.text(max_size=12),
)


@given(st.lists(st.lists(CELL, min_size=1, max_size=9), max_size=8))
def test_any_cells_are_accepted_or_refused(rows: list[list[str]]) -> None:
    for kind, header in (
        ("marks", ["student", "date", "session", "period", "code", "minutes", "updated", "hdu", "hdj", "hdp"]),
        ("students", ["student", "given name", "family name", "year", "groups", "nsn", "caregiver name", "caregiver notify"]),
    ):
        columns, tally = recognise(header, kind), Tally()  # type: ignore[arg-type]
        sorter: Sorter = MarkSorter(SCHOOL, columns, RULES, FILE_MOMENT, tally) if kind == "marks" else StudentSorter(columns, tally)
        sorter.begin(NOW)
        for line, cells in enumerate(rows):
            sorter.take(line, cells)
        batch = sorter.end()
        assert batch.accepted + len(batch.rejected) == len(rows)


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_header_are_a_report_or_a_clear_error(data: bytes) -> None:
    try:
        _, report = sort(b"student,date,session,code\n" + data)
    except CsvError:
        return
    assert report.rows == report.accepted + sum(report.refused.values())


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("Start Date", "2/11/2026", {"starts_on": "2026-11-02"}),
        ("Leaving Date", "20261113", {"leaves_on": "2026-11-13"}),
        ("Leaving Date", "2026-11-13", {"leaves_on": "2026-11-13"}),
        ("Leaving Date", "0", {"leaves_on": None}),
        ("Leaving Date", "00/00/0000", {"leaves_on": None}),
        ("Leaving Date", "0/01/1900", {"leaves_on": None}),
        ("Leaving Date", "30/12/1899", {"leaves_on": None}),
        ("Leaving Date", "1970-01-01", {"leaves_on": None}),
        ("Leaving Date", "-", {"leaves_on": None}),
        ("Leaving Date", "", {"leaves_on": None}),
        ("Attends", "Mon AM PM; Tue AM", {"attends": {"mon": ["AM", "PM"], "tue": ["AM"]}}),
        ("Attends", "Mon AM; Mon PM; Tue PM; Tue AM", {"attends": {"mon": ["AM", "PM"], "tue": ["AM", "PM"]}}),
        ("Attends", "Monday; Wednesday: afternoon; fri all day", {"attends": {"mon": ["AM", "PM"], "wed": ["PM"], "fri": ["AM", "PM"]}}),
    ],
)
def test_dates_and_sessions_of_students(header: str, cell: str, expected: dict[str, object]) -> None:
    named = {"student": "1", "given_name": "Ana", "family_name": "Up"}
    assert student(f"Student ID,First Name,Last Name,{header}", f"1,Ana,Up,{cell}") == named | expected


@pytest.mark.parametrize(("header", "cell"), [("Start Date", "soon"), ("Attends", "Someday AM"), ("Leaving Date", "31/02/2026")])
def test_dates_and_sessions_that_cannot_be_read_are_refused(header: str, cell: str) -> None:
    with pytest.raises(ValueError, match=r"^(starts_on|leaves_on|attends): "):
        student(f"Student ID,First Name,Last Name,{header}", f"1,Ana,Up,{cell}")


@pytest.mark.parametrize(
    ("header", "cell", "status"),
    [
        ("Parent 1 Court Order", "Yes", "court order: Yes"),
        ("Caregiver 1 Contact Restrictions", "no contact", "contact restrictions: no contact"),
        ("Caregiver 1 Legal Access", "see file", "legal access: see file"),
        ("Caregiver 1 Legal Access", "No", "legal access: No"),
        ("Caregiver 1 Court Order", "No", None),
        ("Caregiver 1 Access Restrictions", "No", None),
        ("Caregiver 1 Protection Order", "", None),
        ("Caregiver 1 Portal Access", "Yes", None),
        ("Caregiver 1 PO Box", "12", None),
        ("Caregiver 1 Legal Guardian", "Yes", None),
    ],
)
def test_a_column_that_may_restrict_contact_is_not_lost(header: str, cell: str, status: str | None) -> None:
    (person,) = student(f"Student ID,First Name,Caregiver 1 Name,{header}", f"1,Ana,Mere Up,{cell}")["caregivers"]  # type: ignore[attr-defined,misc]
    assert person.get("status") == status


def test_what_restricts_contact_stands_beside_the_status() -> None:
    read = student("Student ID,First Name,Caregiver 1 Name,Caregiver 1 Status,Caregiver 1 Alert", "1,Ana,Mere Up,Active,Ring first")
    assert read["caregivers"] == [{"name": "Mere Up", "status": "Active; alert: Ring first"}]
