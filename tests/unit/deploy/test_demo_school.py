"""The made-up school: nobody in it could be a person, and the door takes them all."""

from collections import Counter

from deploy.demo.school import students, students_json
from deploy.demo.words import FAMILY_NAMES, FIRST_NAMES
from services.ingest.students.schemas import StudentIn

EVERYBODY = students()


def test_there_are_300_in_twelve_classes_of_years_9_to_13() -> None:
    assert len(EVERYBODY) == 300
    assert len({student.key for student in EVERYBODY}) == 300
    assert set(Counter(student.form for student in EVERYBODY).values()) == {25}
    assert Counter(student.year_level for student in EVERYBODY) == {9: 75, 10: 75, 11: 50, 12: 50, 13: 50}
    assert all(student.form.startswith(str(student.year_level)) for student in EVERYBODY)


def test_names_are_made_of_things_and_birds_and_plants() -> None:
    assert len(set(FIRST_NAMES)) == len(FIRST_NAMES)
    assert len(set(FAMILY_NAMES)) == len(FAMILY_NAMES)
    assert all(student.given_name in FIRST_NAMES and student.family_name in FAMILY_NAMES for student in EVERYBODY)
    assert len({(student.given_name, student.family_name) for student in EVERYBODY}) == 300
    for student in EVERYBODY:
        for caregiver in student.caregivers:
            first, _, family = caregiver.name.partition(" ")
            assert (first in FIRST_NAMES, family) == (True, student.family_name)


def test_nobody_has_a_national_number_or_an_address_that_exists() -> None:
    body = students_json(EVERYBODY)
    assert all(student["nsn"] is None for student in body["students"])
    addresses = [caregiver.email for student in EVERYBODY for caregiver in student.caregivers if caregiver.email]
    assert all(address.isascii() and address.endswith("@whanau.kahikatea.test") for address in addresses)
    assert len(set(addresses)) == len(addresses)


def test_families_differ() -> None:
    caregivers = [caregiver for student in EVERYBODY for caregiver in student.caregivers]
    assert set(Counter(len(student.caregivers) for student in EVERYBODY)) == {0, 1, 2}
    assert 3 <= sum(not student.caregivers for student in EVERYBODY) <= 20
    assert 10 <= sum(not caregiver.notify for caregiver in caregivers) <= 60
    assert {caregiver.language for caregiver in caregivers} == {"en", "mi", "sm"}
    assert any(len({caregiver.language for caregiver in student.caregivers}) == 2 for student in EVERYBODY)


def test_the_door_takes_them_and_they_are_the_same_every_time() -> None:
    for student in students_json(EVERYBODY)["students"]:
        StudentIn.model_validate(student)
    assert students() == EVERYBODY
