"""The person that a family can ask for."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.person import Person, person_for
from shared.events.data import Dean, SchoolUpdated

AT = datetime(2026, 11, 20, tzinfo=UTC)
TEN = Dean(group="year:10", name="Hana Ten", email="ten@kura.example", phone="04 555 0110")
TEN_A = Dean(group="10A", name="Ari A")
OFFICE = Person("Office Lead", "04 555 0100", "office@kura.example")


def school(*deans: Dean, phone: str | None = "04 555 0100", name: str | None = "Office Lead") -> School:
    document = SchoolUpdated(
        school="0999",
        name="Kura",
        terms=[],
        contact_email="office@kura.example",
        phone=phone,
        contact_name=name,
        deans=[*deans],
        updated_at=AT,
    )
    return School("0999", "Kura", "Pacific/Auckland", "office@kura.example", (), AT, document)


def student(year_level: int | None, *groups: str) -> Contact:
    return Contact(UUID(int=1), "0999", "Tāne", "Ngata", year_level, (), AT, groups)


@pytest.mark.parametrize(
    ("of", "deans", "person"),
    [
        pytest.param(
            student(10, "10A"), (TEN, TEN_A), Person("Ari A", "04 555 0100", "office@kura.example"), id="the group's, before the year's"
        ),
        pytest.param(student(10, "10B"), (TEN, TEN_A), Person("Hana Ten", "04 555 0110", "ten@kura.example"), id="the year's"),
        pytest.param(student(10, "10a"), (TEN_A,), Person("Ari A", "04 555 0100", "office@kura.example"), id="case is no difference"),
        pytest.param(student(9, "9A"), (TEN, TEN_A), OFFICE, id="the school's"),
        pytest.param(student(None), (TEN,), OFFICE, id="a student without a year"),
        pytest.param(student(1), (TEN,), OFFICE, id="year 1 is not year 10"),
    ],
)
def test_the_nearest_person(of: Contact, deans: tuple[Dean, ...], person: Person) -> None:
    assert person_for(school(*deans), of) == person


def test_nobody_is_made_up() -> None:
    assert person_for(school(phone=None, name=None), student(10)) == Person(email="office@kura.example")
    assert person_for(school(phone=" ", name="\t"), student(10)) == Person(email="office@kura.example")
    assert person_for(School("0999", "Kura", "Pacific/Auckland", None, (), AT), student(10)) == Person()
