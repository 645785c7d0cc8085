"""Fields that a door leaves out stay as they were; the addresses in one field; people of one name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.students.addresses import addresses_in
from services.ingest.students.merging import Repeats, merged
from services.ingest.students.schemas import StudentIn
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber

NOW = datetime(2026, 10, 20, tzinfo=UTC)
DAD = {"name": "Hemi Up", "email": "Hemi@example.nz", "phone": "021 123 4567", "status": "No contact", "notify": False}
MUM = {"name": "Ana Up", "email": "ana@example.nz"}


def sent(*before: dict[str, Any], now: dict[str, Any]) -> StudentUpdated:
    """The student after each of the sendings."""
    event: StudentUpdated | None = None
    for fields in (*before, now):
        event = merged(SchoolNumber("0999"), StudentIn.model_validate({"student": "1", "given_name": "Made"} | fields), event, NOW)
    assert event is not None
    return event


def test_a_student_without_caregivers_keeps_those_sent_before_and_an_empty_list_clears_them() -> None:
    assert [person.name for person in sent({"caregivers": [MUM, DAD]}, now={}).caregivers] == ["Ana Up", "Hemi Up"]
    assert sent({"caregivers": [MUM]}, now={"caregivers": []}).caregivers == []
    assert sent(now={}).caregivers == []


@pytest.mark.parametrize(
    "again",
    [
        {"name": "Hemi Up", "email": "hemi@example.nz"},
        {"name": "HEMI  UP", "email": "other@example.nz"},
        {"name": "Hēmi Up"},
        {"name": "H. Up", "email": "<hemi@example.nz>"},
        {"name": "Father", "phone": "+64 21 123 4567"},
        {"name": "Hemi Up", "email": "new@example.nz; hemi@example.nz"},
        {"name": "Mr H Up", "email": "new@example.nz"},
        {"name": "Up, Hemi", "email": None},
        {"name": "Hemi Wiremu Up", "phone": "04 555 0100"},
    ],
)
def test_a_restriction_stays_with_the_person_who_is_sent_without_it(again: dict[str, Any]) -> None:
    people = sent({"caregivers": [MUM, DAD]}, now={"caregivers": [MUM, again]}).caregivers
    assert {(person.status, person.notify) for person in people[1:]} == {("No contact", False)}
    assert (people[0].status, people[0].notify) == (None, True)


def test_a_restriction_stays_with_an_address_whose_owner_is_spelt_like_somebody_else_on_the_list() -> None:
    before = {
        "caregivers": [{"name": "John Up", "email": "a@example.nz"}, {"name": "J Up", "email": "b@example.nz", "status": "No contact"}]
    }
    (john,) = sent(before, now={"caregivers": [{"name": "John Up", "email": "b@example.nz"}]}).caregivers
    assert john.status == "No contact"
    (john,) = sent(before, now={"caregivers": [{"name": "John Up", "email": "a@example.nz"}]}).caregivers
    assert john.status is None


def test_a_restriction_that_is_lifted_in_words_is_lifted() -> None:
    (dad,) = sent({"caregivers": [DAD]}, now={"caregivers": [DAD | {"status": "", "notify": True}]}).caregivers
    assert (dad.status, dad.notify) == (None, True)
    (dad,) = sent({"caregivers": [DAD]}, now={"caregivers": [DAD | {"status": None}]}).caregivers
    assert (dad.status, dad.notify) == (None, False)


def test_of_two_with_one_name_the_address_tells_who_is_meant() -> None:
    others = [{"name": "Caregiver", "email": "a@example.nz"}, {"name": "Caregiver", "email": "b@example.nz", "role": "No access"}]
    people = sent({"caregivers": others}, now={"caregivers": [{"name": "Caregiver", "email": "a@example.nz"}]}).caregivers
    assert people[0].role is None
    # With another address nobody can tell: then all that was said of either counts.
    people = sent({"caregivers": others}, now={"caregivers": [{"name": "Caregiver", "email": "c@example.nz"}]}).caregivers
    assert people[0].role == "No access"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.nz", ["a@b.nz"]),
        ("a@b.nz; c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a@b.nz,c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a@b.nz / c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a@b.nz/c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a@b.nz and c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a@b.nz A@B.NZ", ["a@b.nz"]),
        ("Ana Up <a@b.nz>", ["a@b.nz"]),
        ('"Up, Ana" <a@b.nz>, Hemi <c@d.nz>', ["a@b.nz", "c@d.nz"]),
        ("mailto:a@b.nz", ["a@b.nz"]),
        ("MAILTO:a@b.nz?subject=Hello", ["a@b.nz"]),
        ("a@b.nz (work)", ["a@b.nz"]),
        ("a@b.nz.", ["a@b.nz"]),
        ("\u200ba@b.nz\ufeff", ["a@b.nz"]),
        ("o'neil+school@b.nz", ["o'neil+school@b.nz"]),
        ("Mum:a@b.nz", ["a@b.nz"]),
        ("a@b.nz#mailto:a@b.nz#", ["a@b.nz"]),
        ("a@b.nz\\c@d.nz", ["a@b.nz", "c@d.nz"]),
        ("a\uff20b.nz\uff1bc@d.nz", ["a@b.nz", "c@d.nz"]),
        ("\u201ca@b.nz\u201d", ["a@b.nz"]),
        ("DO NOT EMAIL a@b.nz", ["DO NOT EMAIL a@b.nz"]),
        ("a@b.nz (no contact)", ["a@b.nz (no contact)"]),
        ("none", ["none"]),
        ("a@", ["a@"]),
        (" ", []),
        (None, []),
    ],
)
def test_the_addresses_in_a_field(text: str | None, addresses: list[str]) -> None:
    assert addresses_in(text) == addresses


def test_a_caregiver_with_two_addresses_is_there_with_each() -> None:
    people = sent(now={"caregivers": [{"name": "Ana", "email": "a@b.nz; c@d.nz", "phone": "021", "status": "Active"}]}).caregivers
    assert [(person.name, person.email, person.phone, person.status) for person in people] == [
        ("Ana", "a@b.nz", "021", "Active"),
        ("Ana", "c@d.nz", None, "Active"),
    ]


@pytest.mark.parametrize(
    ("given", "family", "names"),
    [
        ("Made", "Up", ("Made", "Up")),
        ("Made", "", ("Made", "")),
        ("", "Made", ("Made", "")),
        ("Made", "-", ("Made", "")),
        (".", "Made", ("Made", "")),
        ("Made", "made", ("Made", "")),
        ("王", "", ("王", "")),
    ],
)
def test_people_of_one_name(given: str, family: str, names: tuple[str, str]) -> None:
    assert StudentIn.model_validate({"student": "1", "given_name": given, "family_name": family}).names() == names


def test_nobody_is_without_a_name() -> None:
    for names in ({}, {"given_name": " ", "family_name": "-"}):
        with pytest.raises(ValidationError, match="a given_name, a family_name, or both"):
            StudentIn.model_validate({"student": "1"} | names)


def test_a_repeat_is_one_as_long_as_the_entry_is_what_it_was() -> None:
    school, fields = SchoolNumber("0999"), {"student": "1", "given_name": "Made", "family_name": "Up", "caregivers": [MUM]}
    student = StudentIn.model_validate(fields)
    stored = merged(school, student, None, NOW)
    repeats = Repeats(school)
    assert not repeats.has(student, None)
    assert repeats.has(student, stored)
    # Somebody else changes the entry between two looks, and changes it back.
    other = merged(school, StudentIn.model_validate(fields | {"family_name": "Other"}), stored, NOW)
    assert not repeats.has(student, other)
    assert repeats.has(student, stored)
    # What is left out is as it was; who comes with other words is none.
    assert Repeats(school).has(StudentIn.model_validate({"student": "1", "given_name": "Made", "family_name": "Up"}), stored)
    assert not Repeats(school).has(StudentIn.model_validate(fields | {"caregivers": [DAD]}), stored)


class Adding(StudentIn):
    words_are_added = True


@pytest.mark.parametrize(
    ("earlier", "now", "expected"),
    [
        ("No contact", {"status": "legal access: see office"}, "No contact; legal access: see office"),
        ("No contact", {}, "No contact"),
        (None, {"status": "court order: Y"}, "court order: Y"),
        ("court order: Y", {"status": "court order: Y"}, "court order: Y"),
        ("No contact; court order: Y", {"status": "court order: Y"}, "No contact; court order: Y"),
        ("alerts: 1 May; No contact", {"status": "alerts: 2 May"}, "No contact; alerts: 2 May"),
        ("Active", {"status": "custody: joint; notes: ring first"}, "Active; custody: joint; notes: ring first"),
    ],
)
def test_a_door_that_adds_words_lifts_no_restriction(earlier: str | None, now: dict[str, str], expected: str) -> None:
    before = sent(now={"caregivers": [MUM | {"status": earlier}]})
    again = Adding.model_validate({"student": "1", "given_name": "Made", "caregivers": [MUM | now]})
    assert [person.status for person in merged(SchoolNumber("0999"), again, before, NOW).caregivers] == [expected]
