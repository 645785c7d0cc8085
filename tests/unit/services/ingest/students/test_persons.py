"""Who is this? Signs of another child under one key, and of one child under two."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.students.numbers import national_number
from services.ingest.students.persons import duplicates, is_another_child, returned
from shared.events.data import Caregiver, StudentUpdated
from shared.identifiers import student_id

NSN, OTHER_NSN = "0123456789", "0987654321"
KIM = Caregiver(name="Kim Example", email="kim@example.nz", phone="021 555 0100")
LEE = Caregiver(name="Lee Sample", email="lee@example.nz", phone="027 555 0199")


def child(given: str, family: str = "", **fields: Any) -> StudentUpdated:
    key = fields.pop("student", "1")
    caregivers = fields.pop("caregivers", [KIM])
    return StudentUpdated(
        school="0999",
        student=key,
        student_id=student_id("0999", key),
        given_name=given,
        family_name=family,
        caregivers=caregivers,
        updated_at=datetime(2026, 11, 20, tzinfo=UTC),
        **({"year_level": 9} | fields),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (child("Jonathon", "Example"), child("Jonathan", "Example")),
        (child("Maia", "Ngata"), child("Māia", "Ngāta")),
        (child("AROHA", "EXAMPLE"), child("Aroha", "Example")),
        (child("Anne-Marie", "O'Neil"), child("Anne Marie", "ONeil")),
        (child("Example", "Aroha"), child("Aroha", "Example")),
        (child("Aroha", "Example"), child("Aroha Grace", "Example")),
        (child("Sam", "Example"), child("Samuel", "Example")),
        (child("A", "Example"), child("Aroha", "Example")),
        (child("Aroha", "Example"), child("Aroha", "Example-Sample")),
        (child("Aroha", "Example"), child("Aroha", "Sample")),
        (child("Elizabeth", "Example"), child("Libby", "Example")),
        (child("Wiremu", "Example"), child("William", "Sample")),
        (child("Mele", ""), child("Mele", "Fifita")),
        (child("Made", "Up", nsn=NSN), child("Other", "", caregivers=[])),
        (child("Aroha", "Example"), child("Aroha", "Example", nsn=NSN)),
        (child("Aroha", "Example", nsn=NSN), child("Aroha", "Example", nsn=OTHER_NSN)),
        (child("Aroha", "Example", nsn=NSN), child("Aroha", "Sample", nsn=OTHER_NSN)),
        (child("Aroha", "Example", nsn=NSN), child("Niko", "Sample", nsn=NSN, caregivers=[LEE])),
        (child("Aroha", "Example", year_level=9), child("Aroha", "Example", year_level=10, caregivers=[LEE])),
        (child("Aroha", "Example", caregivers=[]), child("Aroha", "Sample", caregivers=[LEE])),
        (child("Elizabeth", "Example", caregivers=[]), child("Libby", "Example", caregivers=[])),
        (child("Aroha", "Example", nsn=NSN), child("Aroha", "Sample", nsn="0000000000")),
    ],
)
def test_one_child_under_another_name_or_number(before: StudentUpdated, after: StudentUpdated) -> None:
    assert not is_another_child(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (child("Aroha", "Example", nsn=NSN), child("Niko", "Sample", nsn=OTHER_NSN, caregivers=[LEE])),
        (child("Aroha", "Example"), child("Niko", "Sample", caregivers=[LEE])),
        (child("Aroha", "Example", nsn=NSN), child("Niko", "Sample", caregivers=[LEE])),
        (child("Aroha", "Example"), child("Niko", "Sample", nsn=NSN, caregivers=[LEE])),
        # A number that stands for none makes nobody another child, nor the same.
        (child("Aroha", "Example", nsn="0000000000"), child("Niko", "Sample", nsn="0000000000", caregivers=[LEE])),
        (child("Aroha", "Example", nsn="9999999999"), child("Niko", "Sample", nsn="9999999999", caregivers=[LEE])),
        # A namesake of another family.
        (child("Aroha", "Example"), child("Aroha", "Sample", caregivers=[LEE])),
        # A sibling, with a number and without.
        (child("Aroha", "Example", year_level=10), child("Niko", "Example", year_level=7)),
        (child("Aroha", "Example", nsn=NSN), child("Niko", "Example", nsn=OTHER_NSN, year_level=7)),
        # The same family name, and nothing else.
        (child("Aroha", "Singh"), child("Niko", "Singh", caregivers=[LEE])),
        (child("Aroha", "Example", caregivers=[]), child("Niko", "Sample", caregivers=[])),
        (child("Mia", ""), child("Leo", "", caregivers=[LEE])),
        (child("Aroha", "Example"), child("Niko", "", caregivers=[LEE])),
        (child("Aroha", "Example", nsn=NSN), child("Niko", "", nsn=OTHER_NSN, caregivers=[])),
    ],
)
def test_another_child(before: StudentUpdated, after: StudentUpdated) -> None:
    assert is_another_child(before, after)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (child("A.", "Example", student="2", nsn=NSN, caregivers=[LEE]), ["nsn"]),
        (child("Example", "Aroha", student="2"), ["name-year-caregiver"]),
        (child("Ārohā", "example", student="2", nsn=NSN), ["nsn", "name-year-caregiver"]),
        (child("Aroha", "Example", student="2", caregivers=[LEE, Caregiver(name="K", phone="+64 21 555 0100")]), ["name-year-caregiver"]),
        # A number that stands for none.
        (child("Niko", "Sample", student="2", nsn="0000000000", caregivers=[LEE]), []),
        # Twins, a namesake of another family, of another year, and a child with another number.
        (child("Niko", "Example", student="2"), []),
        (child("Aroha", "Example", student="2", caregivers=[LEE]), []),
        (child("Aroha", "Example", student="2", year_level=10), []),
        (child("Aroha", "Example", student="2", nsn=OTHER_NSN), []),
    ],
)
def test_one_child_under_two_keys(second: StudentUpdated, why: list[str]) -> None:
    first = child("Aroha", "Example", nsn=NSN)
    assert [reason for _, _, reason in duplicates([second, first])] == why


@pytest.mark.parametrize(
    ("again", "found"),
    [
        (child("Aroha", "Example", student="2"), True),
        (child("Example", "ĀROHA", student="1~3", caregivers=[]), True),
        (child("Aroha", "Example", student="2", year_level=10), True),
        (child("Aroha", "Example", student="2", year_level=7), False),
        (child("Aroha", "Sample", student="2"), False),
        (child("Aroha", "Example", student="1"), False),
    ],
)
def test_a_child_who_lost_a_key_and_is_there_again(again: StudentUpdated, found: bool) -> None:
    assert bool(list(returned([child("Aroha", "Example", caregivers=[])], [again]))) is found


def test_a_number_that_stands_for_none_is_no_number_of_two() -> None:
    entries = [child("Aroha", "Example", nsn="0000000000"), child("Niko", "Sample", student="2", nsn="0000000000", caregivers=[LEE])]
    assert list(duplicates(entries)) == []


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("123", "0000000123"),
        ("0123456789", "0123456789"),
        ("7", "0000000007"),
        ("0", None),
        ("0000000000", None),
        ("9999999999", None),
        (None, None),
    ],
)
def test_national_student_numbers(digits: str | None, number: str | None) -> None:
    assert national_number(digits) == number
