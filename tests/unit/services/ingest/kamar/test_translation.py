"""KAMAR's values become ours: marks, students, pastoral rows; and what is reported of the rest."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.kamar import pastoral, students, values
from services.ingest.kamar.attendance import Roll, recorded_at
from services.ingest.kamar.pastoral import PastoralRow
from services.ingest.kamar.refusals import MOST_LISTED, Refusals
from services.ingest.settings import QUIET_WORDS
from services.ingest.students.quiet import quietened
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, Timetable
from shared.identifiers import SchoolNumber

TERM = Term("2026-T1", date(2026, 2, 2), date(2026, 4, 2))
CALENDAR = SchoolCalendar(
    (TERM,), timetables=(Timetable(None, tuple(Slot(number, str(number), 60) for number in range(2, 8))),), closed_days=frozenset()
)
NO_TIMETABLE = SchoolCalendar((TERM,))
NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
SAID = datetime(2026, 3, 5, 2, 30, tzinfo=UTC)
SCHOOL = SchoolNumber("0999")
SKEW = timedelta(minutes=5)


def marks(*elements: Any, calendar: SchoolCalendar = CALENDAR) -> tuple[dict[Any, Any], list[tuple[Any, ...]]]:
    """The marks by slot of the 5th of March, and (student, reason, count) of what is not."""
    refusals = Refusals()
    roll = Roll(calendar, SAID, refusals)
    for element in elements:
        roll.take(element)
    accepted = [json.loads(bytes(mark)) for mark in roll.sort(CodeTable.load(), NOW, SKEW)]
    found = {mark.get("slot", "half_days"): mark.get("half_days") if "slot" not in mark else mark["code"] for mark in accepted}
    return found, [(refusal.student, refusal.reason, refusal.count) for refusal in refusals.take()]


def day(codes: Any = None, **more: Any) -> dict[str, Any]:
    row = {"date": "20260305"} | more
    return {"id": 12345, "values": [row if codes is None else row | {"codes": codes}]}


NOTHING: dict[int, None] = dict.fromkeys(range(2, 8))


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (day(".PPP.RP."), NOTHING | {2: "P", 3: "P", 4: "P", 6: "R", 7: "P"}),
        (day(".P"), NOTHING | {2: "P"}),
        (day(""), NOTHING),
        (day("          "), NOTHING),
        (day(".m?"), NOTHING | {2: "M", 3: "?"}),
        (day(), {}),
        (day(hdu=0, hdj=0, hdp=2), {"half_days": {"unjustified": 0, "justified": 0, "present": 2}}),
        (day(hdu="1", hdj=None, hdp=""), {"half_days": {"unjustified": 1, "justified": 0, "present": 0}}),
        (day(hdu=None, hdj=None, hdp=None), {"half_days": None}),
        (day(hdu=None), {}),
        ({"id": 12345, "values": {"value": {"date": "2026-03-05", "codes": ".P"}}}, NOTHING | {2: "P"}),
        ({"id": 12345, "values": {"data": [{"date": 20260305, "codes": ".P", "unknown": {}}]}}, NOTHING | {2: "P"}),
        ({"id": 12345}, {}),
        ({"id": 12345, "values": None}, {}),
    ],
)
def test_days_become_marks(element: dict[str, Any], expected: dict[Any, Any]) -> None:
    assert marks(element) == (expected, [])


def test_the_last_word_of_a_document_stays() -> None:
    found, refused = marks(day(".P", hdu=0, hdj=0, hdp=2), day(".M", hdu=None, hdj=None, hdp=None))
    assert (found, refused) == (NOTHING | {2: "M", "half_days": None}, [])


@pytest.mark.parametrize(
    ("element", "found", "refused"),
    [
        (day(".P%"), NOTHING | {2: "P", 3: None} | {3: "x"}, [("12345", "unknown-code", 1)]),
        (day("P"), NOTHING, [(None, "no-timetable", 1)]),
        (day(7, hdu=0, hdj=2, hdp=0), {"half_days": {"unjustified": 0, "justified": 2, "present": 0}}, [("12345", "bad-field", 1)]),
        (day(".P", hdu=3, hdj=0, hdp=0), NOTHING | {2: "P"}, [("12345", "bad-field", 1)]),
        (day(hdu=2, hdj=1, hdp=0), {}, [("12345", "bad-field", 1)]),
        (day(hdu=True, hdj=0, hdp=0), {}, [("12345", "bad-field", 1)]),
        ({"id": None, "values": []}, {}, [(None, "bad-field", 1)]),
        ({"id": {"a": 1}}, {}, [(None, "bad-field", 1)]),
        ({"id": 1, "values": ["x", {"date": "20261332", "codes": "P"}]}, {}, [("1", "bad-field", 2)]),
        ({"id": 1, "values": [{"date": "20260228", "codes": ".P"}]}, {}, [("1", "closed-day", 6)]),
        ({"id": 1, "values": [{"date": "20260601", "codes": ".P"}]}, {}, [("1", "outside-term", 6)]),
        ({"id": 1, "values": [{"date": "20260306", "codes": ".P"}]}, {}, [("1", "future-date", 6)]),
    ],
)
def test_what_cannot_be_marked(element: dict[str, Any], found: dict[Any, Any], refused: list[Any]) -> None:
    if found.get(3) == "x":
        del found[3]
    assert marks(element) == (found, refused)


def test_a_school_without_a_timetable_still_has_its_half_days() -> None:
    found, refused = marks(day(".PP", hdu=0, hdj=1, hdp=1), calendar=NO_TIMETABLE)
    assert found == {"half_days": {"unjustified": 0, "justified": 1, "present": 1}}
    assert refused == [(None, "no-timetable", 2)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (20260305153000, SAID),
        ("20260305153000", SAID),
        ("2026-03-05 15:30:00", SAID),
        ("202603051530", SAID),
        ("20260705153000", NOW),  # ahead of our clock
        ("20261305153000", NOW),
        (None, NOW),
        ({"a": 1}, NOW),
        (True, NOW),
        (1.5, NOW),
    ],
)
def test_when_it_was_recorded(said: Any, expected: datetime) -> None:
    assert recorded_at(said, NOW, "Pacific/Auckland", SKEW) == expected


def test_summer_and_winter_time() -> None:
    assert values.moment(20260705153000, "Pacific/Auckland") == datetime(2026, 7, 5, 3, 30, tzinfo=UTC)
    assert values.moment(20260105153000, "Pacific/Chatham") == datetime(2026, 1, 5, 1, 45, tzinfo=UTC)


SPELLINGS: Final = (
    "2026/03/02", "2026-03-02T00:00:00", "2026-03-02T00:00:00+13:00", "2026-03-02 00:00:00.000", "20260302T000000Z",
    " 20260302\t", "20260302.0",
    # Midnight in New Zealand, as programs write it by UTC.
    "2026-03-01T11:00:00.000Z", "2026-03-01T11:00:00+00:00", "2026-03-02T00:00:00+1300",
    "2/3/2026", "02-03-2026", "2.3.2026", "2/03/2026 0:00", "2-Mar-26", "2 March 2026", "Monday, 2 March 2026", 20260302000000,
)  # fmt: skip
NO_DATES: Final = (
    "00000000000000", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "00/00/00", "!00/00/00!", "0.0", 0.0, False, "  ", "\x00", "/ /",
    18991230, "18991230000000", "1899-12-30T00:00:00", "0001-01-01T00:00:00", "17530101", "1/01/1900", "0/01/1900 0:00", "19700101",
)  # fmt: skip


@pytest.mark.parametrize(
    ("element", "fields"),
    [
        ({"firstname": " Ana\n Maria ", "lastname": "O'Neill"}, {"given_name": "Ana Maria", "family_name": "O'Neill"}),
        ({"firstname": None}, {"given_name": None}),
        ({"yearlevel": "09"}, {"year_level": 9}),
        ({"yearlevel": ""}, {"year_level": None}),
        ({"yearlevel": "Y9"}, {"year_level": 9}),
        ({"yearlevel": "Year 13"}, {"year_level": 13}),
        ({"nsn": "0"}, {"nsn": None}),
        ({"nsn": 9999999999}, {"nsn": None}),
        ({"nsn": "123,456,789"}, {"nsn": "0123456789"}),
        ({"nsn": "'0123"}, {"nsn": "0000000123"}),
        ({"nsn": 123}, {"nsn": "0000000123"}),
        ({"nsn": "012 345 678"}, {"nsn": "0012345678"}),
        ({"leavingdate": "20260302"}, {"leaving": "2026-03-02"}),
        ({"leavingdate": "00000000"}, {"leaving": None}),
        ({"leavingdate": 20260302}, {"leaving": "2026-03-02"}),
        ({"leavingdate": 20260302.0}, {"leaving": "2026-03-02"}),
        ({"leavingdate": "2026-03-02"}, {"leaving": "2026-03-02"}),
        ({"leavingdate": "20260302000000"}, {"leaving": "2026-03-02"}),
        ({"leavingdate": "0"}, {"leaving": None}),
        ({"leavingdate": 0}, {"leaving": None}),
        ({"leavingdate": ""}, {"leaving": None}),
        ({"leavingdate": None}, {"leaving": None}),
        ({"leavingdate": "-"}, {"leaving": None}),
        ({"leavingdate": "0000-00-00"}, {"leaving": None}),
        *(({"leavingdate": spelt}, {"leaving": "2026-03-02"}) for spelt in SPELLINGS),
        *(({"leavingdate": spelt}, {"leaving": None}) for spelt in NO_DATES),
        ({"startingdate": "20240201", "leavingdate": "--"}, {"starting": "2024-02-01", "leaving": None}),
        ({"groups": [{"type": "class", "name": "9MAT"}, "9ENG", {"x": 1}, {"coreoption": "9MAT"}]}, {"groups": ["9MAT", "9ENG"]}),
        ({"groups": {"group": [{"name": "a"}, {"name": "b"}]}}, {"groups": ["a", "b"]}),
        ({"caregivers": []}, {"caregivers": []}),
        (
            {"caregivers": {"caregiver": {"name": "Pat", "email": "p@example.org", "role": "A"}}},
            {"caregivers": [{"name": "Pat", "email": "p@example.org", "phone": None, "role": "A"}]},
        ),
        (
            {"caregivers": [{"relationship": "Mother", "mobile": 21000, "status": "No Contact"}, {"ref": 1}]},
            {"caregivers": [{"name": "Mother", "email": None, "phone": "21000", "status": "No Contact", "relationship": "Mother"}]},
        ),
        ({"password": "x", "unknown": [1]}, {}),
    ],
)
def test_students_fields(element: dict[str, Any], fields: dict[str, Any]) -> None:
    parsed = students.parse({"id": 12345} | element)
    assert (parsed.student, parsed.fields, parsed.problems) == ("12345", fields, [])


@pytest.mark.parametrize(
    "element",
    [
        {"yearlevel": "part-time"},
        {"yearlevel": 99},
        {"nsn": "12-34"},
        {"caregivers": ["Pat"]},
        {"caregivers": [{"name": "x", "email": "e" * 255}]},
    ],
)
def test_values_that_cannot_be_read_spoil_no_others(element: dict[str, Any]) -> None:
    parsed = students.parse({"id": "a1", "firstname": "Ana"} | element)
    assert parsed.fields["given_name"] == "Ana"
    assert len(parsed.problems) == 1


def event_of(**fields: Any) -> Any:
    student = students.student_of(SCHOOL, "1", {"given_name": "Ana", "family_name": "Up"} | fields, NOW)
    return None if student is None else quietened(student, QUIET_WORDS)


def test_the_event_of_a_student() -> None:
    caregivers = [
        {"name": str(number), "email": None, "phone": None, "status": mark} for number, mark in enumerate(["", "NO CONTACT", "A"])
    ]
    event = event_of(tutor="9A", groups=["9A", "9B"], caregivers=caregivers, year_level=9, nsn="0000000001")
    assert (event.groups, [caregiver.notify for caregiver in event.caregivers]) == (["9A", "9B"], [True, False, True])
    later = students.student_of(SCHOOL, "1", {"given_name": "Ana", "family_name": "Up"}, NOW + SKEW)
    assert later is not None
    assert students.digest(event_of()) == students.digest(later) != students.digest(event)
    assert event_of(given_name=None, family_name=" ") is None
    assert (event_of(given_name=None).given_name, event_of(given_name=None).family_name) == ("Up", "")


def test_words_that_a_document_leaves_out_stay_and_words_of_the_release_before_are_read() -> None:
    sam = {"name": "Sam", "email": "s@example.org", "phone": None}
    before = event_of(caregivers=[sam | {"status": "No contact", "role": "A"}])
    after = students.student_of(SCHOOL, "1", {"given_name": "Ana", "caregivers": [sam]}, NOW, before)
    assert after is not None
    assert [(person.status, person.role) for person in after.caregivers] == [("No contact", "A")]
    assert [person.status for person in event_of(caregivers=[sam | {"marks": ["Restricted"]}]).caregivers] == ["Restricted"]


@pytest.mark.parametrize("value", ["soon", "20261399", "99", "3/2026", "31/2/2026", "２０２６０３０２", "2026-3", True, {}, [20260302]])
def test_a_date_that_cannot_be_read_leaves_the_stored_one_alone(value: object) -> None:
    parsed = students.parse({"id": 1, "leavingdate": value})
    assert (parsed.fields, parsed.problems) == ({}, ["leavingdate: not a date"])


def test_a_later_start_beats_an_old_leaving_date() -> None:
    today = date(2026, 3, 5)
    assert not students.has_left({"starting": "2026-03-02", "leaving": "2025-12-12"}, today)
    assert not students.has_left({"starting": "2026-04-20", "leaving": "2025-12-12"}, today)
    assert students.has_left({"starting": "2024-02-01", "leaving": "2025-12-12"}, today)
    assert students.has_left({"starting": "2025-12-12", "leaving": "2025-12-12"}, today)
    event = event_of(starting="2026-03-02", leaving="2025-12-12")
    assert event is not None
    assert (event.starts_on, event.leaves_on) == (date(2026, 3, 2), date(2025, 12, 12))


def test_who_has_left() -> None:
    today = date(2026, 3, 5)
    assert students.has_left({"leaving": "2026-03-04"}, today)
    assert not students.has_left({"leaving": "2026-03-05"}, today)
    assert not students.has_left({"leaving": None}, today)
    assert not students.has_left({}, today)


def test_pastoral_rows() -> None:
    row = pastoral.parse({"id": 1, "type": "A", "ref": 7, "x": ["\ud800\0"]})
    assert isinstance(row, PastoralRow)
    assert (row.student, row.type, row.ref, json.loads(row.document)["x"]) == ("1", "A", "7", ["?"])
    assert isinstance(pastoral.parse({"id": 1, "type": "A"}), str)
    assert isinstance(pastoral.parse({"type": "A", "ref": 1}), str)
    assert isinstance(pastoral.parse({"id": 1, "type": "A", "ref": 1, "note": "x" * 70_000}), str)


def test_refusals_are_listed_as_far_as_a_person_would_read() -> None:
    refusals = Refusals()
    for number in range(MOST_LISTED + 50):
        refusals.add("unknown-code", "not in use", student=str(number), day=date(2026, 3, 5), count=2)
    taken = refusals.take()
    assert len(taken) == MOST_LISTED + 1
    assert (taken[-1].student, taken[-1].count) == (None, 100)
    assert refusals.totals == {"unknown-code": 2 * (MOST_LISTED + 50)}
    assert refusals.take() == []


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10)
READ = ["id", "values", "date", "codes", "hdu", "hdj", "hdp", "firstname", "nsn", "yearlevel", "groups", "caregivers", "leavingdate"]
keys = st.sampled_from(READ)


@settings(max_examples=300, deadline=None)
@given(element=st.dictionaries(keys, anything), row=st.dictionaries(keys, anything))
def test_any_element_is_translated_or_reported(element: dict[str, Any], row: dict[str, Any]) -> None:
    marks(element, {"id": 1, "values": [row, {"date": "20260305"} | row]})
    pastoral.parse(element | {"id": 1, "type": "A", "ref": 1})
    students.student_of(SCHOOL, "1", students.parse({"id": 1} | element).fields, NOW)
