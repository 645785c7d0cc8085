"""Who gets letters."""

import pytest

from services.notifier.recipients import Recipient, recipients, usable_address
from shared.events.data import Caregiver


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("mere@example.nz", "mere@example.nz"),
        ("  mere@Example.NZ ", "mere@example.nz"),
        ("mere@example.test", "mere@example.test"),
        ("mere@school.example", "mere@school.example"),
        ("mere@star.invalid", "mere@star.invalid"),
        ("mere@bücher.example", "mere@xn--bcher-kva.example"),
        ("mēre@example.nz", "mēre@example.nz"),
        ("o'neill+school@example.nz", "o'neill+school@example.nz"),
        (None, None),
        ("", None),
        ("none", None),
        ("mere@localhost", None),
        ("mere@@example.nz", None),
        ("mere ngata@example.nz", None),
        ("mere@example.nz, wiremu@example.nz", None),
        ("Mere <mere@example.nz>", None),
        ("mere@example.nz\r\nBcc: all@example.nz", None),
        ("mere@[127.0.0.1]", None),
    ],
)
def test_usable_addresses(address: str | None, usable: str | None) -> None:
    assert usable_address(address) == usable


def test_only_those_who_want_letters_and_can_get_them() -> None:
    found = recipients(
        [
            Caregiver(name="Mere", email="mere@example.test"),
            Caregiver(name="Wiremu", email="wiremu@example.test", notify=False),
            Caregiver(name="Hana", email=None),
            Caregiver(name="Rangi", email="not an address"),
        ]
    )

    assert found == (Recipient("mere@example.test", ("Mere",)),)


def test_one_letter_an_address_whatever_its_case() -> None:
    found = recipients(
        [
            Caregiver(name="Mere", email="Home@example.test"),
            Caregiver(name="Wiremu", email="home@EXAMPLE.test"),
            Caregiver(name="Mere", email="home@example.test"),
            Caregiver(name="Hana", email="hana@example.test"),
        ]
    )

    assert found == (Recipient("Home@example.test", ("Mere", "Wiremu")), Recipient("hana@example.test", ("Hana",)))
